/** One step of the schema. Appended, never edited: what it creates is on somebody's disk. */
export type Migration = {
  /** `user_version` after it, one above the step before. */
  readonly version: number
  readonly up: string
}
