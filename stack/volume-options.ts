/**
 * What a volume of the engine's `local` driver is, by its `driver_opts`: on the engine's own disk (`own`), in
 * memory, a folder of the host, or something else, such as a disk or a share. The kernel ignores the type
 * where it is to bind, so that one of type tmpfs may still be a folder (mount(2), `MS_BIND`).
 */
export function volumeKind(
  options: Readonly<Record<string, unknown>>,
): 'own' | 'memory' | 'folder' | 'other' {
  const text = (key: string): string => String(options[key] ?? '').trim();
  const [type, device] = [text('type').toLowerCase(), text('device')];
  const asked = text('o')
    .split(',')
    .map((option) => option.trim().toLowerCase());
  const moves = asked.some((option) => moving.has(option));
  if (device === '' && !moves) return 'own';
  if (moves || type === 'none' || type === 'bind') return 'folder';
  return type === 'tmpfs' && !device.includes('/') ? 'memory' : 'other';
}

/** Flags by which a mount is of something that is there already. */
const moving = new Set(['bind', 'rbind', 'remount', 'move']);
