/** Servers of one product, by what their images are called. */
export interface ServerImages {
  product: string;
  /** Repositories of Docker Hub: `redis`, `bitnami/redis`. */
  names: readonly string[];
  /** The oldest that the driver is for. */
  oldest: readonly [major: number, minor: number];
}

const hub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * Repository and tag of an image of Docker Hub, or of a mirror that keeps the official ones below `library/`.
 * Null for somebody's own, whatever it is called: its tag may be a version of theirs.
 */
function onHub(reference: string): { repository: string; tag: string } | null {
  const [, host, path, tag = ''] =
    /^(?:([^/]*[.:][^/]*|localhost)\/)?([^:@]+)(?::([^@]+))?(?:@.*)?$/.exec(reference) ?? [];
  if (path === undefined) return null;
  const official = /(?:^|\/)library\/([^/]+)$/.exec(path)?.[1];
  if (official !== undefined) return { repository: official, tag };
  return host === undefined || hub.includes(host) ? { repository: path, tag } : null;
}

export const isNamedSo = (reference: string, { names }: ServerImages): boolean => {
  const image = onHub(reference);
  return image !== null && names.includes(image.repository);
};

/**
 * Whether its tag says a version before the oldest. One that says none, such as `latest` or a digest, is not
 * known to be.
 */
export function isTooOld(reference: string, images: ServerImages): boolean {
  if (!isNamedSo(reference, images)) return false;
  const [, major, minor] = /^v?(\d+)(?:\.(\d+))?(?:[.-]|$)/.exec(onHub(reference)!.tag) ?? [];
  if (major === undefined) return false;
  const [oldest, least] = images.oldest;
  return Number(major) < oldest || (Number(major) === oldest && Number(minor ?? least) < least);
}

/** `Redis 7.2 or later`. */
export const servedBy = ({ product, oldest: [major, minor] }: ServerImages): string =>
  `${product} ${minor === 0 ? major : `${major}.${minor}`} or later`;
