/** All tools that can be compared. */
import { blackbox } from './blackbox.ts';
import { uptimeKuma } from './kuma.ts';
import { httping, nping } from './meters.ts';
import { nagios } from './nagios.ts';
import type { Tool } from './tool.ts';
import { gapwatch, haproxy, monit, ncLoop } from './tools.ts';

/** Ours first. */
export const TOOLS: readonly Tool[] = [
  gapwatch,
  haproxy,
  blackbox(100),
  blackbox(1000),
  monit,
  nagios,
  uptimeKuma,
  nping,
  httping,
  ncLoop,
];

/** Ours, and those that were the best of the others in `peers:gaps`: without the rest, which keep two cores busy. */
export const SHARPEST: readonly Tool[] = [gapwatch, haproxy, httping];
