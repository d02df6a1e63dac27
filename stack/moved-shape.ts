/** What a compose file fixes, or shares with others, and what a drill lays over it. */
export interface Moved {
  /** For who reads the plan: what, and what there is in its place. */
  lines: string[];
  services: Readonly<Record<string, Layer>>;
  networks: Readonly<Record<string, Layer>>;
  volumes: Readonly<Record<string, Layer>>;
}
/** Keys of one service, network or volume, as an override file has them. */
export type Layer = Record<string, unknown>;

/** By service: ports at which Muster reaches it, published or not. */
export type Ways = Readonly<Record<string, readonly number[]>>;

export interface Port {
  target: number;
  published?: string | number;
  host_ip?: string;
  protocol?: string;
}
/** Of a service to a network. */
export interface Attachment {
  aliases?: string[];
  ipv4_address?: string;
  ipv6_address?: string;
}
/** What of a resolved service a drill moves, or replaces. */
export interface MovedService {
  container_name?: string;
  ports?: Port[];
  labels?: Record<string, string>;
  environment?: Record<string, string | null>;
  networks?: Record<string, Attachment | null>;
  network_mode?: string;
  deploy?: { replicas?: number };
  scale?: number;
  command?: string[] | null;
  entrypoint?: string[] | null;
  healthcheck?: { test?: string[] };
  extra_hosts?: string[];
  build?: { labels?: Record<string, string> };
  /** Containers of their own, each with all that the service has. */
  pre_start?: (Pick<MovedService, 'labels' | 'environment'> & { image?: string; platform?: string })[];
}
/** By name: a value with which nobody acts on a label or a variable of an image. */
export interface Neutral {
  labels: Readonly<Record<string, string>>;
  environment: Readonly<Record<string, string>>;
}
/** Of a resolved network, or volume. */
export interface Network {
  name?: string;
  external?: boolean;
  driver?: string;
  driver_opts?: Record<string, string>;
  internal?: boolean;
  enable_ipv6?: boolean;
  ipam?: { config?: { subnet?: string }[] };
  labels?: Record<string, string>;
}

/** The network by which Muster reaches a service that is on internal ones only. */
export const ingress = 'muster-ingress';
