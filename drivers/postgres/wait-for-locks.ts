/** How long an operator's statement waits for locks. */
export const waitForLocks = "SET lock_timeout = '30s'";
