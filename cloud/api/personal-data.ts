import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { apiPersonalData } from '#protocols/api-pictures.ts';
import { auditDays } from '../access/audit.ts';
import { needs } from './access.ts';
import type { ApiParts } from './parts.ts';

/** How long personal data is kept, for whoever asks. */
export function personalDataRoutes({ pictures }: Pick<ApiParts, 'pictures'>): FastifyPluginAsyncZod {
  return async (app) => {
    needs(app, 'view');
    app.get(
      '/personal-data',
      {
        schema: {
          summary: 'For how many days each kind of personal data is kept',
          response: { 200: apiPersonalData },
        },
      },
      async () => {
        const audit = { kind: 'audit' as const, days: auditDays };
        if (pictures === null) return { items: [audit] };
        const { keep_days: kept, link_days: links, views_days: views } = pictures.keeping;
        return {
          items: [
            { kind: 'alarm-pictures' as const, days: kept.alarm },
            { kind: 'asked-pictures' as const, days: kept.request },
            { kind: 'evidence-pictures' as const, days: kept.evidence },
            { kind: 'picture-links' as const, days: links },
            { kind: 'picture-views' as const, days: views },
            audit,
          ],
        };
      },
    );
  };
}
