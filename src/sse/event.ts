/** One server-sent event (HTML Standard, 9.2). Comments, ids and retry hints are not kept. */
export interface ServerSentEvent {
  /** The `event:` field; null where there was none. */
  readonly event: string | null;
  readonly data: string;
}
