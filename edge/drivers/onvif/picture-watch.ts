import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { edgesOf, likeness, type PictureScores, scoresOf, type SmallPicture } from './picture-scores.ts';

/** From which score on a picture is bad; false: not judged. */
export interface PictureThresholds {
  /** Share of the picture, 0 to 1. */
  black: number | false;
  overexposed: number | false;
  /** 0 sharp to 1 blurred. */
  blurred: number | false;
  /** Looks in a row with the very same picture. */
  frozen: number | false;
  /** Bits of entropy, at most 5: less is covered. */
  covered: number | false;
  /** Likeness to the learnt view, at most 1: less is moved. */
  moved: number | false;
}

export interface PictureVerdict {
  scores: PictureScores & { same_looks: number; view_likeness: number | null };
  /** Null: the picture is good, or what is wrong has been seen once only. */
  problem: Bilingual | null;
  /** Something is wrong, told or not: it is worth to look again soon. */
  suspect: boolean;
  reference: 'learning' | 'learnt';
}

/** A fault is told when so many looks in a row agree: headlights and a hand before the lens pass. */
const confirming = 2;
/** So many good looks make the reference; then it follows the seasons slowly, and a view that was moved for good in days. */
const learning = { looks: 5, drift: 0.02, afterMove: 0.0005 };

/** Judges the pictures of one camera, one after the other. The reference lives as long as this does. */
export function pictureWatch(thresholds: PictureThresholds): (picture: SmallPicture) => PictureVerdict {
  let reference: Float32Array | null = null;
  let learnt = 0;
  let lastScan: string | null = null;
  let sameLooks = 1;
  let last: keyof PictureThresholds | null = null;
  let inARow = 0;

  function learn(edges: Float32Array, share: number): void {
    reference ??= edges.slice();
    for (const [i, value] of edges.entries()) reference[i]! += share * (value - reference[i]!);
  }

  return (picture) => {
    sameLooks = picture.scan === lastScan ? sameLooks + 1 : 1;
    lastScan = picture.scan;
    const edges = edgesOf(picture);
    const isLearnt = learnt >= learning.looks;
    const alike = isLearnt ? likeness(reference!, edges) : null;
    const scores = { ...scoresOf(picture), same_looks: sameLooks, view_likeness: alike };
    const wrong = worst(scores, thresholds);
    if (wrong === null) {
      learnt += 1;
      learn(edges, Math.max(1 / learnt, learning.drift));
    } else if (wrong === 'moved') learn(edges, learning.afterMove);
    inARow = wrong === last ? inARow + 1 : 1;
    last = wrong;
    // A frozen picture has been counted already.
    const told = wrong !== null && (wrong === 'frozen' || inARow >= confirming);
    return {
      scores,
      problem: told ? sentences[wrong](scores) : null,
      suspect: wrong !== null,
      reference: learnt >= learning.looks ? 'learnt' : 'learning',
    };
  };
}

/** What explains the most comes first: a black picture is also one without detail. */
function worst(s: PictureVerdict['scores'], t: PictureThresholds): keyof PictureThresholds | null {
  if (t.black !== false && s.black >= t.black) return 'black';
  if (t.overexposed !== false && s.overexposed >= t.overexposed) return 'overexposed';
  if (t.covered !== false && s.entropy < t.covered) return 'covered';
  if (t.frozen !== false && s.same_looks >= t.frozen) return 'frozen';
  if (t.blurred !== false && s.blurred >= t.blurred) return 'blurred';
  if (t.moved !== false && s.view_likeness !== null && s.view_likeness < t.moved) return 'moved';
  return null;
}

const percent = (share: number) => Math.round(share * 100);
const two = (score: number | null) => (score ?? 0).toFixed(2);

const sentences: Record<keyof PictureThresholds, (s: PictureVerdict['scores']) => Bilingual> = {
  black: ({ black }) => ({
    zh: `画面全黑（${percent(black)}% 的画面无光）：检查镜头盖、补光灯和红外切换`,
    en: `The picture is black (${percent(black)} % of it without light): check the lens cap, the lighting and the infrared switch`,
  }),
  overexposed: ({ overexposed }) => ({
    zh: `画面过曝（${percent(overexposed)}% 的画面全白）：检查是否强光直射、光圈和曝光设置`,
    en: `The picture is overexposed (${percent(overexposed)} % of it white): check for light into the lens, the iris and the exposure`,
  }),
  blurred: ({ blurred }) => ({
    zh: `画面模糊（模糊度 ${two(blurred)}，最大 1）：擦拭镜头，检查对焦`,
    en: `The picture is blurred (${two(blurred)} of 1): clean the lens and check the focus`,
  }),
  frozen: ({ same_looks }) => ({
    zh: `画面冻结（连续 ${same_looks} 次抓图完全相同）：重启摄像机`,
    en: `The picture is frozen (${same_looks} looks in a row were the very same): restart the camera`,
  }),
  covered: ({ entropy }) => ({
    zh: `镜头被遮挡（画面信息量 ${two(entropy)}，最大 5）：检查镜头前的遮挡物或喷涂`,
    en: `The lens is covered (${two(entropy)} of 5 bits of detail): look for something before the lens, or paint on it`,
  }),
  moved: ({ view_likeness }) => ({
    zh: `摄像机朝向已变（与学习到的画面相似度 ${two(view_likeness)}）：把摄像机转回原来的方向`,
    en: `The camera has been moved (likeness to the learnt view ${two(view_likeness)}): turn it back to where it looked`,
  }),
};
