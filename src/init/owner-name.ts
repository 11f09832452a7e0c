/** What a person would call a program: itself, or the script, the application or the folder that it runs. Pure. */
import type { Owner } from './listeners.ts';

/** Programs that run others. */
const RUNTIME =
  /^(?:node|nodejs|MainThread|python[\d.]*|ruby|php[\d.]*|perl|java|dotnet|deno|bun|sh|bash|dash|npm|uvicorn|gunicorn|flask|puma|rails|systemd|init|xinetd|inetd|socat|master|ssh|docker-proxy|rootlessport|slirp4netns|pasta|conmon|netns|next-server|PM2|tini|supervisord)(?=\s|$)/;
/** Names of files and folders that say nothing. */
const GENERIC = new Set(
  'index main app server start run www bin dist build out src lib libexec cli current release releases target classes node_modules manage wsgi asgi opt srv usr local home root tmp var etc app.js http.server SimpleHTTPServer package code workspace'.split(
    ' ',
  ),
);
/** Modules of Python that serve others. */
const SERVERS = /^(?:http\.server|SimpleHTTPServer|uvicorn|gunicorn|hypercorn|daphne|flask|waitress)$/;

/** Whether a program runs others, which a person would name instead. */
export function isRuntime(program: string): boolean {
  return RUNTIME.test(program);
}

/** The name of a program, or of what a runtime runs; null where it says nothing. */
export function ownName({ program, args, cwd }: Owner): string | null {
  if (!isRuntime(program)) return plainName(program.replace(/^\.(.*)-wrapped?$/, '$1'));
  // Where the arguments were replaced by a title, nothing can be read from them.
  if ((args[0] ?? '').includes(': ')) return null;
  const words = args.slice(1);
  const jar = words[words.indexOf('-jar') + 1];
  if (program === 'java') return jar !== undefined && words.includes('-jar') ? nameInPath(jar) : null;
  const module = words.includes('-m') ? words[words.indexOf('-m') + 1] : undefined;
  const paths = words.filter((word) => !word.startsWith('-'));
  const script =
    paths.find((word) => /\.(?:[cm]?[jt]s|py|rb|php|pl|dll)$/.test(word)) ??
    paths.find((word) => /^\/.*\w$/.test(word));
  const application = words
    .find((word) => /^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/.test(word))
    ?.split(':')[0]
    ?.split('.')[0];
  const isInline = words.some((word) => /^(?:-e|-c|-p|--eval|--print)$/.test(word));
  if (isInline) return null;
  const named = [
    application === undefined ? null : plainName(application),
    module === undefined || SERVERS.test(module) ? null : plainName(module.split('.')[0] ?? ''),
    script === undefined ? null : nameInPath(script),
    cwd === null ? null : nameInPath(cwd),
  ];
  return named.find((each) => each !== null) ?? null;
}

/** The last part of a path that says something: `shop` of `/srv/shop/dist/server.js`. */
function nameInPath(path: string): string | null {
  // Whose home it is in says nothing.
  const inside = path.replace(/^\/(?:(?:home|Users)\/[^/]+|root|tmp|var\/tmp)(?=\/|$)/, '');
  for (const part of inside.split('/').reverse()) {
    const name = plainName(part.replace(/\.(?:[cm]?[jt]s|py|rb|php|pl|jar|dll)$/, ''));
    if (name !== null) return name;
  }
  return null;
}

function plainName(text: string): string | null {
  const name = text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  return name.length < 2 || /^[\d.-]+$/.test(name) || GENERIC.has(name) ? null : name;
}
