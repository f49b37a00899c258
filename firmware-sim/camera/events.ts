import type { Clock } from '#platform/ports.ts';

/** One notification (ONVIF Core, 9.5): a topic, what it is about, and what is so now. */
export interface CameraEvent {
  /** Such as `tns1:VideoSource/ImageTooDark/ImagingService`. */
  topic: string;
  source?: Record<string, string>;
  data: Record<string, string>;
}

export interface PullPoints {
  emit(event: CameraEvent): void;
  /** A new pull point, with the properties as they are. Returns its path. */
  create(): string;
  /** Notifications as they come, or none when `timeoutMs` is over; null: there is no such pull point. */
  pull(path: string, timeoutMs: number): Promise<string | null>;
  renew(path: string): boolean;
  remove(path: string): void;
  /** All pull points are forgotten, as by a restart. */
  clear(): void;
}

export const pullPointPath = '/onvif/events/';
/** A camera keeps so many pull points, and so many notifications in each. */
const limits = { points: 10, waiting: 100, terminationMs: 120_000 };

interface PullPoint {
  waiting: string[];
  renewedAt: number;
  wake(): void;
}

export function pullPoints(clock: Clock, cameraWall: () => number): PullPoints {
  const points = new Map<string, PullPoint>();
  /** The last word on each topic and source. */
  const properties = new Map<string, CameraEvent>();
  let made = 0;

  const notification = ({ topic, source = {}, data }: CameraEvent, operation: 'Initialized' | 'Changed') => {
    const items = (of: Record<string, string>) =>
      Object.entries(of)
        .map(([name, value]) => `<tt:SimpleItem Name="${name}" Value="${value}"/>`)
        .join('');
    const at = new Date(cameraWall()).toISOString();
    return `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${topic}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="${at}" PropertyOperation="${operation}"><tt:Source>${items(source)}</tt:Source><tt:Data>${items(data)}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;
  };
  const give = (point: PullPoint, text: string) => {
    point.waiting.push(text);
    if (point.waiting.length > limits.waiting) point.waiting.shift();
    point.wake();
  };

  return {
    emit(event) {
      properties.set(`${event.topic} ${JSON.stringify(event.source)}`, event);
      for (const point of points.values()) give(point, notification(event, 'Changed'));
    },
    create() {
      for (const [path, point] of points) {
        if (clock.monotonic() - point.renewedAt > limits.terminationMs) points.delete(path);
      }
      if (points.size >= limits.points) points.delete(points.keys().next().value!);
      const point: PullPoint = { waiting: [], renewedAt: clock.monotonic(), wake() {} };
      for (const event of properties.values()) give(point, notification(event, 'Initialized'));
      made += 1;
      const path = `${pullPointPath}${made}`;
      points.set(path, point);
      return path;
    },
    async pull(path, timeoutMs) {
      const point = points.get(path);
      if (!point) return null;
      if (point.waiting.length === 0) {
        await new Promise<void>((done) => {
          const cancel = clock.after(timeoutMs, done);
          point.wake = () => {
            cancel();
            done();
          };
        });
      }
      return point.waiting.splice(0, 10).join('');
    },
    renew(path) {
      const point = points.get(path);
      if (point) point.renewedAt = clock.monotonic();
      return point !== undefined;
    },
    remove(path) {
      points.get(path)?.wake();
      points.delete(path);
    },
    clear() {
      for (const point of points.values()) point.wake();
      points.clear();
      properties.clear();
    },
  };
}
