// Looking closer: wheel, pinch, double click and keys zoom, dragging moves, a swipe steps on.

const CLOSEST = 4; // screen pixels to a pixel of the picture
const STEP = 1.5; // of the keys
const TWICE = 320; // ms between the taps of a double one
const SWIPE = 60; // pixels
const STILL = 6; // pixels that a finger moves while tapping

export class Zoom {
  /**
   * @param {HTMLElement} stage what is looked through
   * @param {HTMLElement} frame what moves in it; as large as its picture is shown
   * @param {{natural: () => number, onZoom: (scale: number) => void, onSwipe: (by: number) => void, onLeave: () => void}} doing
   *   `natural`: the picture's width in its own pixels; `onLeave`: a tap beside the picture, or a swipe down.
   */
  constructor(stage, frame, doing) {
    this.stage = stage;
    this.frame = frame;
    this.doing = doing;
    this.pointers = new Map();
    this.reset();
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
  }

  reset() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.pointers.clear();
    this.#draw();
  }

  closer() {
    this.#by(STEP);
  }

  farther() {
    this.#by(1 / STEP);
  }

  /** Zoom by a factor; the point stays where it is. Without one, the middle does. */
  #by(factor, point = this.#middle()) {
    const scale = Math.min(Math.max(this.scale * factor, 1), this.#most());
    const middle = this.#middle();
    const [dx, dy] = [point.x - middle.x, point.y - middle.y];
    const ratio = scale / this.scale;
    this.x = dx - (dx - this.x) * ratio;
    this.y = dy - (dy - this.y) * ratio;
    this.scale = scale;
    this.#draw();
  }

  #most() {
    return Math.max(2, (CLOSEST * this.doing.natural()) / Math.max(1, this.frame.offsetWidth));
  }

  /** Of the frame as it lies without zoom, in the window. */
  #middle() {
    const box = this.frame.getBoundingClientRect();
    return { x: box.x + box.width / 2 - this.x, y: box.y + box.height / 2 - this.y };
  }

  #draw() {
    const room = (frame, stage) => Math.max(0, (frame * this.scale - stage) / 2);
    const [across, down] = [
      room(this.frame.offsetWidth, this.stage.clientWidth),
      room(this.frame.offsetHeight, this.stage.clientHeight),
    ];
    this.x = Math.min(Math.max(this.x, -across), across);
    this.y = Math.min(Math.max(this.y, -down), down);
    this.frame.style.transform = this.scale === 1 ? "" : `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.stage.classList.toggle("zoomed", this.scale > 1);
    this.doing.onZoom(this.scale);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch on a touchpad comes as a wheel with Ctrl, in small steps.
    this.#by(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), { x: event.clientX, y: event.clientY });
  }

  #down(event) {
    if (event.button) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 1) {
      this.begin = { x: event.clientX, y: event.clientY, on: event.target, pinched: false };
    } else this.begin.pinched = true;
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (other) {
      const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y);
      this.#by(apart(now) / Math.max(1, apart(before)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (this.scale > 1) {
      this.stage.setPointerCapture(event.pointerId);
      this.x += now.x - before.x;
      this.y += now.y - before.y;
      this.#draw();
    }
  }

  #up(event) {
    if (!this.pointers.delete(event.pointerId) || this.pointers.size || this.begin.pinched) return;
    const [dx, dy] = [event.clientX - this.begin.x, event.clientY - this.begin.y];
    if (Math.hypot(dx, dy) < STILL) this.#tap(event);
    else if (this.scale > 1 || event.pointerType === "mouse") return;
    else if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) this.doing.onSwipe(dx < 0 ? 1 : -1);
    else if (dy > 2 * SWIPE && dy > 2 * Math.abs(dx)) this.doing.onLeave();
  }

  #tap(event) {
    if (this.begin.on.closest("button, video")) return;
    const before = this.tapped ?? -Infinity;
    this.tapped = event.timeStamp;
    if (this.begin.on === this.stage && this.scale === 1) this.doing.onLeave();
    else if (event.timeStamp - before < TWICE) {
      this.tapped = undefined;
      if (this.scale > 1) this.reset();
      else this.#by(Math.max(2, this.doing.natural() / Math.max(1, this.frame.offsetWidth)), { x: event.clientX, y: event.clientY });
    }
  }
}
