/** What the page's address names beside the window: one service, or one incident. The back button leads back. */

type Kind = 'service' | 'incident';

/** `#service=web` */
export function addressOf(kind: Kind, name: string): string {
  return `#${kind}=${encodeURIComponent(name)}`;
}

/** What the address names; null where it names nothing. */
export function readAddress(): { readonly kind: Kind; readonly name: string } | null {
  const [, kind, name] = /^#(service|incident)=(.+)$/.exec(location.hash) ?? [];
  if (name === undefined) return null;
  try {
    return { kind: kind as Kind, name: decodeURIComponent(name) };
  } catch {
    return null;
  }
}

/** Puts a name into the address, or takes it away, as a step that can be gone back. */
export function setAddress(kind: Kind, name: string | null): void {
  const url = new URL(location.href);
  url.hash = name === null ? '' : addressOf(kind, name);
  if (url.href !== location.href) history.pushState(null, '', url);
}
