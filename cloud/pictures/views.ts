import type { Clock, Database, Row } from '#platform/ports.ts';
import type { ApiPicture, ApiPictureView } from '#protocols/api-pictures.ts';
import type { Shelf } from './shelf.ts';

/** Who looks: a centre by its signed link, or a person whom the API let through. */
export type Viewer = { by: 'link'; centre: string } | { by: 'person'; name: string };

/** Pictures of pupils are personal data: nobody sees one that is not in the log. */
export interface Views {
  /** The JPEG, with the look at it written before it is given out; null: it is kept no longer. */
  show(picture: ApiPicture, viewer: Viewer): Promise<Uint8Array | null>;
  /** The newest first. */
  log(asked: {
    picture?: number;
    about?: string;
    before?: number;
    limit: number;
    /** Null: all. */
    campuses?: readonly string[] | null;
  }): Promise<ApiPictureView[]>;
}

export function viewsIn(parts: { clock: Clock; database: Database; shelf: Shelf }): Views {
  const { clock, database, shelf } = parts;
  return {
    async show(picture, viewer) {
      const jpeg = await shelf.bytes(picture);
      if (jpeg === null) return null;
      const who = viewer.by === 'link' ? viewer.centre : viewer.name;
      await database.commit([
        {
          sql: 'INSERT INTO views (picture, at, how, who) VALUES (?, ?, ?, ?)',
          params: [picture.id, Math.round(clock.wall()), viewer.by, who],
        },
      ]);
      return jpeg;
    },

    async log({ picture, about, before, limit, campuses }) {
      const conditions = [
        ...(campuses == null
          ? []
          : [['p.campus IN (SELECT value FROM json_each(?))', JSON.stringify(campuses)] as const]),
        ...(picture === undefined ? [] : [['v.picture = ?', picture] as const]),
        ...(about === undefined ? [] : [['p.about = ?', about] as const]),
        ...(before === undefined ? [] : [['v.id < ?', before] as const]),
      ];
      return database.read<ApiPictureView & Row>(
        `SELECT v.id, v.picture, v.at, v.how AS "by", v.who, p.gateway, p.camera, p.kind, p.about, p.n
         FROM views v JOIN pictures p ON p.id = v.picture
         WHERE ${['true', ...conditions.map(([sql]) => sql)].join(' AND ')} ORDER BY v.id DESC LIMIT ?`,
        [...conditions.map(([, value]) => value), limit],
      );
    },
  };
}
