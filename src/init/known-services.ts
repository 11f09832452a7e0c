/** Services that are known by their program, their image or their port, and what a person calls them. Pure. */

/** What a service that is known speaks. */
export type Speaks = 'redis' | 'http' | 'https' | 'postgres' | 'mysql' | 'tcp';

/** A service that is known. */
export interface KnownService {
  /** What a person calls it. */
  readonly name: string;
  readonly speaks: Speaks;
}

/** Name, what it speaks, its ports by custom, its programs (as the kernel cuts them), and words of its images. */
const KNOWN: readonly (readonly [string, Speaks, readonly number[], readonly string[], readonly string[]])[] = [
  ['redis', 'redis', [6379], ['redis-server'], ['redis', 'redis-stack', 'redis-stack-server']],
  ['valkey', 'redis', [], ['valkey-server'], ['valkey']],
  ['keydb', 'redis', [], ['keydb-server'], ['keydb']],
  ['dragonfly', 'redis', [], ['dragonfly'], ['dragonfly']],
  ['sentinel', 'redis', [26379], ['redis-sentinel', 'valkey-sentinel'], ['redis-sentinel']],
  ['postgres', 'postgres', [5432], ['postgres', 'postmaster'], ['postgres', 'postgresql', 'postgis', 'timescaledb']],
  ['pgbouncer', 'postgres', [6432], ['pgbouncer'], ['pgbouncer']],
  ['mysql', 'mysql', [3306], ['mysqld'], ['mysql', 'percona']],
  ['mariadb', 'mysql', [], ['mariadbd'], ['mariadb']],
  ['mongo', 'tcp', [27017], ['mongod', 'mongos'], ['mongo', 'mongodb']],
  ['memcached', 'tcp', [11211], ['memcached'], ['memcached']],
  ['rabbitmq', 'tcp', [5672], [], ['rabbitmq']],
  ['rabbitmq-admin', 'http', [15672], [], []],
  ['rabbitmq-nodes', 'tcp', [25672], [], []],
  ['epmd', 'tcp', [4369], ['epmd'], []],
  ['kafka', 'tcp', [9092], [], ['kafka', 'cp-kafka', 'redpanda']],
  ['zookeeper', 'tcp', [2181], [], ['zookeeper', 'cp-zookeeper']],
  ['nats', 'tcp', [4222], ['nats-server'], ['nats', 'nats-server']],
  ['mqtt', 'tcp', [1883], ['mosquitto'], ['eclipse-mosquitto', 'emqx']],
  ['elasticsearch', 'http', [9200], [], ['elasticsearch', 'opensearch']],
  ['elasticsearch-nodes', 'tcp', [9300], [], []],
  ['etcd', 'http', [2379], ['etcd'], ['etcd']],
  ['consul', 'http', [8500], ['consul'], ['consul']],
  ['vault', 'http', [8200], ['vault'], ['vault']],
  ['influxdb', 'http', [8086], ['influxd'], ['influxdb']],
  ['clickhouse', 'http', [8123], [], ['clickhouse-server', 'clickhouse']],
  ['prometheus', 'http', [], ['prometheus'], ['prometheus']],
  ['node-exporter', 'http', [], ['node_exporter', 'prometheus-node'], ['node-exporter']],
  ['blackbox-exporter', 'http', [9115], ['blackbox_export'], ['blackbox-exporter']],
  ['alertmanager', 'http', [9093], ['alertmanager'], ['alertmanager']],
  ['grafana', 'http', [], ['grafana', 'grafana-server'], ['grafana', 'grafana-oss', 'grafana-enterprise']],
  ['loki', 'http', [3100], ['loki'], ['loki']],
  ['jaeger', 'http', [16686], [], ['all-in-one', 'jaeger']],
  ['uptime-kuma', 'http', [3001], [], ['uptime-kuma']],
  ['gatus', 'http', [], ['gatus'], ['gatus']],
  ['gitea', 'http', [], ['gitea', 'forgejo'], ['gitea', 'forgejo']],
  ['minio', 'http', [], ['minio'], ['minio']],
  ['keycloak', 'http', [], [], ['keycloak']],
  ['registry', 'http', [], ['registry'], ['registry']],
  ['nextcloud', 'http', [], [], ['nextcloud']],
  ['wordpress', 'http', [], [], ['wordpress']],
  ['nginx', 'http', [], ['nginx', 'openresty'], ['nginx', 'openresty', 'nginx-unprivileged']],
  ['apache', 'http', [], ['apache2', 'httpd'], ['httpd', 'apache', 'apache2']],
  ['caddy', 'http', [], ['caddy'], ['caddy']],
  ['traefik', 'http', [], ['traefik'], ['traefik']],
  ['haproxy', 'http', [], ['haproxy'], ['haproxy']],
  ['envoy', 'http', [], ['envoy'], ['envoy']],
  ['varnish', 'http', [], ['varnishd', 'cache-main'], ['varnish']],
  ['squid', 'http', [3128], ['squid'], ['squid']],
  ['whoami', 'http', [], [], ['whoami', 'http-echo', 'echo-server', 'httpbin']],
  ['tomcat', 'http', [], [], ['tomcat']],
  ['cups', 'http', [631], ['cupsd'], []],
  ['docker', 'http', [2375], ['dockerd'], []],
  ['docker', 'https', [2376], [], []],
  ['kubernetes', 'https', [6443], ['kube-apiserver'], []],
  ['kubelet', 'https', [10250], ['kubelet'], []],
  ['ssh', 'tcp', [22], ['sshd', 'dropbear'], ['openssh-server']],
  ['ftp', 'tcp', [21], ['vsftpd', 'proftpd', 'pure-ftpd'], []],
  ['telnet', 'tcp', [23], [], []],
  ['smtp', 'tcp', [25], ['exim4', 'sendmail', 'opensmtpd'], ['mailhog', 'mailpit']],
  ['smtps', 'tcp', [465], [], []],
  ['submission', 'tcp', [587], [], []],
  ['dns', 'tcp', [53], ['named', 'unbound', 'dnsmasq', 'coredns', 'pihole-FTL', 'AdGuardHome'], ['coredns', 'bind9']],
  ['web', 'http', [80], [], []],
  ['kerberos', 'tcp', [88], ['krb5kdc'], []],
  ['pop3', 'tcp', [110], [], []],
  ['rpcbind', 'tcp', [111], ['rpcbind'], []],
  ['imap', 'tcp', [143], [], []],
  ['ldap', 'tcp', [389], ['slapd'], ['openldap']],
  ['https', 'https', [443], [], []],
  ['smb', 'tcp', [445, 139], ['smbd'], ['samba']],
  ['ldaps', 'tcp', [636], [], []],
  ['rsync', 'tcp', [873], ['rsyncd'], []],
  ['imaps', 'tcp', [993], [], []],
  ['pop3s', 'tcp', [995], [], []],
  ['mssql', 'tcp', [1433], ['sqlservr'], ['mssql-server', 'server']],
  ['oracle', 'tcp', [1521], ['tnslsnr'], ['oracle-xe', 'oracle-free']],
  ['nfs', 'tcp', [2049], [], []],
  ['mysqlx', 'tcp', [33060], [], []],
  ['vnc', 'tcp', [5900], ['Xvnc', 'x11vnc', 'Xtigervnc'], []],
  ['rdp', 'tcp', [3389], ['xrdp'], []],
  ['cassandra', 'tcp', [9042], [], ['cassandra', 'scylla']],
  ['neo4j', 'tcp', [7687], [], ['neo4j']],
  ['git', 'tcp', [9418], ['git-daemon'], []],
];

/** Ports on which HTTP is usual; the name would say nothing. */
const HTTP_PORTS: ReadonlySet<number> = new Set([
  ...[
    80, 81, 3000, 3001, 3333, 4000, 4200, 5000, 5001, 5173, 5601, 7000, 8000, 8001, 8008, 8080, 8081, 8082, 8083, 8088,
  ],
  ...[8090, 8096, 8123, 8888, 8983, 9000, 9090, 9091, 9100, 9200, 15672],
]);
const HTTPS_PORTS: ReadonlySet<number> = new Set([443, 4443, 6443, 8443, 9443]);

/** The service that a port belongs to by custom; null where that would be a guess. */
export function knownByPort(port: number): KnownService | null {
  return pick(KNOWN.find(([, , ports]) => ports.includes(port)));
}

/** The service that a program is. */
export function knownByProgram(program: string): KnownService | null {
  return pick(KNOWN.find(([, , , programs]) => programs.some((each) => each.slice(0, 15) === program)));
}

/**
 * The service that an image holds.
 * @example knownByImage('docker.io/bitnami/redis:7.2@sha256:…') // redis
 */
export function knownByImage(image: string): KnownService | null {
  const name =
    image
      .replace(/@.*$/, '')
      .replace(/:[^/]*$/, '')
      .split('/')
      .at(-1) ?? '';
  return pick(KNOWN.find(([, , , , images]) => images.includes(name)));
}

/** What is spoken on a port by custom; plain TCP where there is none. */
export function speaksOnPort(port: number): Speaks {
  if (HTTPS_PORTS.has(port)) return 'https';
  return knownByPort(port)?.speaks ?? (HTTP_PORTS.has(port) ? 'http' : 'tcp');
}

function pick(row: (typeof KNOWN)[number] | undefined): KnownService | null {
  return row === undefined ? null : { name: row[0], speaks: row[1] };
}
