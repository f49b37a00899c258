import type { ServerResponse } from 'node:http';
import type { Clock } from '#platform/ports.ts';
import { envelope } from './soap.ts';

/**
 * What a sick or hostile camera does instead of answering. `hang`: nothing. `drip`: one byte every now and
 * then, for ever. `huge`: a body without end. `entities`: an entity bomb. `nested`: tags without end.
 * `namespaces`: text that makes a careless search quadratic. `shapeless`: sound SOAP without the answer.
 * `cut`: half an answer, then the connection is gone. `web`: a web server that knows no ONVIF.
 */
export const misbehaviours = [
  'hang',
  'drip',
  'huge',
  'entities',
  'nested',
  'namespaces',
  'shapeless',
  'empty',
  'cut',
  'web',
] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

const dripMs = 50;
const chunk = Buffer.alloc(1 << 16, 'x');

export function misbehave(how: Misbehaviour, response: ServerResponse, clock: Clock): void {
  const xml = { 'content-type': 'application/soap+xml; charset=utf-8' };
  switch (how) {
    case 'hang':
      return;
    case 'drip': {
      response.writeHead(200, xml);
      const drip = () => {
        if (response.destroyed) return;
        response.write('<');
        clock.after(dripMs, drip);
      };
      return drip();
    }
    case 'huge': {
      response.writeHead(200, xml);
      response.write('<');
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      return pour();
    }
    case 'entities': {
      const entities = Array.from(
        { length: 20 },
        (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`,
      ).join('');
      response
        .writeHead(200, xml)
        .end(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">${entities}]>${envelope('&e20;')}`);
      return;
    }
    case 'nested':
      response.writeHead(200, xml).end(envelope('<a>'.repeat(100_000) + '</a>'.repeat(100_000)));
      return;
    case 'namespaces':
      response.writeHead(200, xml).end(envelope('<a>xmlns</a>'.replace('xmlns', 'xmlns'.repeat(150_000))));
      return;
    case 'shapeless':
      response.writeHead(200, xml).end(envelope('<tds:Surprise/>'));
      return;
    case 'empty':
      response.writeHead(200, xml).end();
      return;
    case 'cut':
      response.writeHead(200, { ...xml, 'content-length': 1000 });
      response.write('<s:Envelope', () => response.destroy());
      return;
    case 'web':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Router</title>');
  }
}
