/** A backup or a restore that was not made, in a sentence that says what to do. */
export class BackupRefused extends Error {}
