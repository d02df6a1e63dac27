import type { Container } from '../../../stack/runtime.ts';
import type { DrillSite } from '../../../stack/drill-site.ts';

/** A server of the drill whose data is in a folder of the host; not started yet. */
export const serverInFolder = (
  { runtime, labels }: DrillSite,
  image: string,
  folder: string,
  password: string,
): Promise<Container> =>
  runtime.container.create({
    Image: image,
    Labels: labels,
    Env: [`MYSQL_ROOT_PASSWORD=${password}`, 'MYSQL_DATABASE=app'],
    Cmd: [
      'mysqld',
      '--server-id=1',
      '--log-bin=binlog',
      '--gtid-mode=ON',
      '--enforce-gtid-consistency=ON',
      '--bind-address=*',
      '--innodb-buffer-pool-size=8M',
    ],
    ExposedPorts: { '3306/tcp': {} },
    HostConfig: {
      Binds: [`${folder}:/var/lib/mysql`],
      PortBindings: { '3306/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  });
