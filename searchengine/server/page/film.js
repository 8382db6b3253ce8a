// A video plays where its picture stands, from the moment that was found; where the browser can't, the picture stays.

export class Film {
  /** @param {HTMLVideoElement} video @param {HTMLImageElement} picture */
  constructor(video, picture) {
    this.video = video;
    this.picture = picture;
    video.addEventListener("error", () => this.close());
    // Arrows step on to the next picture, as everywhere; a video's own keys would seek.
    video.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.preventDefault());
  }

  /** @param {object} known a result, or a picture's details */
  show(known) {
    this.close();
    if (known.duration === null || known.duration === undefined || known.offline) return;
    this.video.width = known.width;
    this.video.height = known.height;
    this.video.poster = known.preview;
    this.video.src = `${known.original}#t=${known.time ?? 0}`;
    this.video.hidden = false;
    this.picture.hidden = true;
  }

  /** Stop, and load no more of it. */
  close() {
    this.picture.hidden = false;
    if (this.video.hidden) return;
    this.video.hidden = true;
    this.video.removeAttribute("src");
    this.video.load();
  }
}
