import swaggerUi from '@fastify/swagger-ui';
import type { FastifyPluginAsync } from 'fastify';
import { needs } from './access.ts';

/** As on every page of ours, but for the small pictures that the reference draws from its own style sheet. */
const policy =
  "default-src 'self'; img-src 'self' data:; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/** The API's reference, generated from its schemas, with nothing from other hosts. */
export const reference: FastifyPluginAsync = async (app) => {
  needs(app, 'view');
  await app.register(swaggerUi, {
    routePrefix: '/reference',
    staticCSP: policy,
    theme: { title: 'Belfry API' },
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      filter: true,
      tryItOutEnabled: false,
      supportedSubmitMethods: ['get'],
    },
  });
};
