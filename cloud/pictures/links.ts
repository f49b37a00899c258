import type { DoorSignal } from '#platform/doors/door.ts';
import { linkPath, linkSignature, type PictureLink, sameSignature } from '#protocols/pictures.ts';
import type { Places } from '../places.ts';

/**
 * Links to the pictures of an alarm, made before there is any. Each names the centre that it is for. They follow from
 * the alarm and the campus file alone, so that a document that is sent again is the same.
 */
export interface PictureLinks {
  /** The alarm with, for each camera that looks there, the file's address of it, else a link of ours. */
  forCentre(alarm: DoorSignal, at: { gateway: string; device: string }, centre: string): DoorSignal;
  isOurs(link: PictureLink, signature: string): boolean;
}

export function pictureLinks(parts: {
  secret: string;
  base: string | undefined;
  places: Places;
}): PictureLinks {
  const { secret, base, places } = parts;
  return {
    forCentre(alarm, { gateway, device }, reader) {
      const { name, mode, place } = alarm;
      if (place === undefined) return alarm;
      const cameras = places.location(gateway, device)?.cameras ?? [];
      // Nobody is photographed for a test or a probe.
      const pictured = base !== undefined && (mode === 'real' || mode === 'drill');
      const pictures = cameras.flatMap(({ gateway: at, device: camera, name: words, pictureUrl }) => {
        if (pictureUrl !== null) return [{ camera: words, url: pictureUrl }];
        if (!pictured) return [];
        return [
          { camera: words, url: base + linkPath(secret, { alarm: name, gateway: at, camera, reader }) },
        ];
      });
      return { ...alarm, place: { ...place, pictures } };
    },
    isOurs: (link, signature) => sameSignature(linkSignature(secret, link), signature),
  };
}
