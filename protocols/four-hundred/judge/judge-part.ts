import type { Part } from '../parts.ts';
import { judgeClosed, judgeListed, judgeQuiet, judgeWatched } from './closed-campus.ts';
import { judgeCrossing, judgeRostered, judgeWindowsListed } from './crossing-post.ts';
import { judgeManned, judgePolls, judgePostKind, judgeRoll, judgeRounds, judgeTerminal } from './guards.ts';
import { type Case, type Judgement, nextMaintenance } from './judgement.ts';
import {
  judgeAlive,
  judgeProved,
  judgeRecording,
  judgeThere,
  judgeZoneButton,
  judgeZoneKind,
  judgeZoneSeen,
  judgeZoneView,
} from './one-key-video.ts';

/** What can be said of one part of a campus, why, and until when. It follows from the case alone. */
export function judgePart(of: Case, part: Part): Judgement {
  const judgement = judge(of, part);
  const edge = nextMaintenance(of);
  return edge < judgement.until ? { ...judgement, until: edge } : judgement;
}

function judge(of: Case, { kind, entity, nth }: Part): Judgement {
  switch (kind) {
    case 'roll':
      return judgeRoll(of);
    case 'post-kind':
      return judgePostKind(of, entity);
    case 'manned':
      return judgeManned(of, entity);
    case 'terminal':
      return judgeTerminal(of, entity);
    case 'rounds':
      return judgeRounds(of, nth);
    case 'polls':
      return judgePolls(of, entity);
    case 'gates-listed':
    case 'fence-listed':
      return judgeListed(of, kind);
    case 'watched':
      return judgeWatched(of, entity);
    case 'closed':
      return judgeClosed(of, entity);
    case 'quiet':
      return judgeQuiet(of, entity);
    case 'zone-kind':
      return judgeZoneKind(of, entity);
    case 'there':
      return judgeThere(of, entity);
    case 'zone-button':
      return judgeZoneButton(of, entity);
    case 'zone-view':
      return judgeZoneView(of, entity);
    case 'alive':
      return judgeAlive(of, entity);
    case 'zone-seen':
      return judgeZoneSeen(of, entity);
    case 'proved':
      return judgeProved(of, entity);
    case 'recording':
      return judgeRecording(of, entity);
    case 'windows-listed':
      return judgeWindowsListed(of);
    case 'rostered':
      return judgeRostered(of, entity);
    case 'crossing-now':
      return judgeCrossing(of, entity, 0);
    case 'crossing-past':
      return judgeCrossing(of, entity, nth);
  }
}
