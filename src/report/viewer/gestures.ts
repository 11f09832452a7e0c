/** Wheel, drag, pinch and double click on the timelines. Places are shares of the plot's width, from 0 to 1. */

export interface GestureEvents {
  /** @param factor below 1 shows less time */
  zoom(at: number, factor: number): void;
  move(by: number): void;
  /** A stretch is being drawn over, or was; null where the drawing was given up. */
  drawn(stretch: { readonly from: number; readonly to: number } | null, isOver: boolean): void;
  reset(): void;
  /** The pointer rests on a place of an element; null where it left. @param isTap whether it was a click or tap */
  point(target: Element, at: number, isTap: boolean): void;
  /** The wheel was turned without a key before the timelines were clicked: the page scrolls. */
  scrolled(): void;
}

/** Pixels that a pointer may move within a click. */
const CLICK = 4;

/**
 * Listens on the timelines.
 * @param plot what has the focus
 * @param box where the plot is on the screen, without the names beside it
 */
export function listen(plot: HTMLElement, box: () => DOMRect, events: GestureEvents): void {
  const shareOf = (clientX: number): number => {
    const { left, width } = box();
    return Math.min(1, Math.max(0, (clientX - left) / width));
  };
  const pointers = new Map<number, { readonly begin: number; x: number }>();
  let isDrawing = false;

  plot.addEventListener(
    'wheel',
    (event) => {
      const { deltaX, deltaY, ctrlKey, metaKey, shiftKey, clientX } = event;
      const sideways = shiftKey ? deltaX + deltaY : Math.abs(deltaX) > Math.abs(deltaY) ? deltaX : 0;
      const isOurs = ctrlKey || metaKey || plot.contains(document.activeElement);
      if (sideways === 0 && !isOurs) {
        events.scrolled();
        return;
      }
      event.preventDefault();
      if (sideways !== 0 && !ctrlKey) events.move(sideways / box().width);
      else events.zoom(shareOf(clientX), Math.exp(deltaY * (ctrlKey ? 0.01 : 0.002)));
    },
    { passive: false },
  );

  plot.addEventListener('pointerdown', (event) => {
    const { pointerId, clientX, button, target } = event;
    if (button !== 0 || (target instanceof Element && target.closest('button') !== null)) return;
    pointers.set(pointerId, { begin: clientX, x: clientX });
    if (event.pointerType === 'mouse') plot.setPointerCapture(pointerId);
    isDrawing = false;
    if (pointers.size > 1) events.drawn(null, true);
  });

  plot.addEventListener('pointermove', (event) => {
    const { pointerId, clientX, pointerType, target } = event;
    const pointer = pointers.get(pointerId);
    if (pointer === undefined) {
      if (pointerType === 'mouse' && target instanceof Element) events.point(target, shareOf(clientX), false);
      return;
    }
    const before = pointer.x;
    const other = [...pointers].find(([id]) => id !== pointerId)?.[1];
    pointer.x = clientX;
    if (other !== undefined) {
      const [was, is] = [Math.abs(before - other.x), Math.abs(clientX - other.x)];
      if (was > 10 && is > 10) events.zoom(shareOf((clientX + other.x) / 2), was / is);
      events.move((before - clientX) / 2 / box().width);
    } else if (Math.abs(clientX - pointer.begin) > CLICK || isDrawing) {
      isDrawing = true;
      if (pointerType === 'mouse' && !event.altKey) events.drawn(stretchOf(pointer), false);
      else events.move((before - clientX) / box().width);
    }
  });

  const end = (event: PointerEvent): void => {
    const pointer = pointers.get(event.pointerId);
    if (pointer === undefined) return;
    pointers.delete(event.pointerId);
    if (event.type === 'pointercancel') events.drawn(null, true);
    else if (!isDrawing) {
      // The captured pointer's target is the plot, whatever is under it.
      const target = document.elementFromPoint(event.clientX, event.clientY);
      if (target !== null) events.point(target, shareOf(event.clientX), true);
    } else if (event.pointerType === 'mouse' && !event.altKey) events.drawn(stretchOf(pointer), true);
  };
  plot.addEventListener('pointerup', end);
  plot.addEventListener('pointercancel', end);
  plot.addEventListener('dblclick', (event) => {
    if (event.target instanceof Element && event.target.closest('button') === null) events.reset();
  });

  function stretchOf({ begin, x }: { begin: number; x: number }): { from: number; to: number } {
    return { from: shareOf(begin), to: shareOf(x) };
  }
}
