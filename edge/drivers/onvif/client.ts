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

/** A camera for the length of one poll: calls in this order, all under one deadline. */
export interface CameraClient {
  /** UTC ms by the camera's clock and by ours, half way through the call. Without login. */
  clock(): Promise<Call<{ camera: number; ours: number }>>;
  /** With login, signed by the camera's clock. */
  information(): Promise<Call<CameraInformation>>;
  /** The path of the first profile's picture, on the camera. */
  snapshotPath(): Promise<Call<URL>>;
  snapshot(at: URL): Promise<Call<Snapshot>>;
  reach(): Reach;
}
