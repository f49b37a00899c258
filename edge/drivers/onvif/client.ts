import type { CameraNotice } from './notices.ts';

/** What a camera says of itself. */
export interface CameraInformation {
  manufacturer?: string;
  model?: string;
  firmware?: string;
  serial?: string;
}

export interface Snapshot {
  bytes: Uint8Array;
  tookMs: number;
}

/** What one call came to. Never a rejection: every failure of a camera is an expected one. */
export type Call<T> = { ok: true; value: T } | { ok: false; why: string; denied: boolean };

/** How far the calls of this client got, best last. */
export type Reach = 'nothing' | 'tcp' | 'http';

/** The first profile's stream: where it is, and what the profile promises of it. */
export interface CameraStream {
  at: URL;
  width: number | null;
  height: number | null;
  fps: number | null;
}

/** A camera for the length of one poll: calls in this order, all under one deadline. */
export interface CameraClient {
  /** UTC ms by the camera's clock and by ours, half way through the call. Without login. */
  clock(): Promise<Call<{ camera: number; ours: number }>>;
  /** With login, signed by the camera's clock. */
  information(): Promise<Call<CameraInformation>>;
  /** The path of the first profile's picture, on the camera. */
  snapshotPath(): Promise<Call<URL>>;
  snapshot(at: URL): Promise<Call<Snapshot>>;
  stream(): Promise<Call<CameraStream>>;
  /** UTC ms by the camera's clock: since when there are recordings (Profile G). Null: there are none. */
  recordedSince(): Promise<Call<number | null>>;
  /** Makes a pull point; its path. */
  subscribe(): Promise<Call<string>>;
  /** Notifications from a pull point, and its next lease. Waits up to `waitS` seconds for the first. */
  pull(path: string, waitS: number): Promise<Call<CameraNotice[]>>;
  reboot(): Promise<Call<true>>;
  reach(): Reach;
}
