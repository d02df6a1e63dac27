/** F39 of the field cases: which kill a restart policy answers. */
export const crashes = {
  fromHost: 'SIGKILL from the host: the restart policy acts, and the service is back at a new address',
  throughEngine: 'SIGKILL through the engine: the same restart policy does not act',
} as const;

/** What a helper has of a volume of which its service has one folder alone. */
export const parts = {
  own: 'a helper has no more of a volume than the service, or is refused by an engine that cannot do that',
  whole: 'where the service has the whole volume, so has its helper',
} as const;
