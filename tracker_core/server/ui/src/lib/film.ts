/** Several videos that play as one. */

/** Seconds by which a video may be off before it is set right. */
const OFF = 0.12;

/** Starts all from their beginning and keeps them together; the function that is returned stops them. */
export function playTogether(videos: readonly HTMLVideoElement[]): () => void {
  // The longest one leads: shorter ones start over when they end, as loops do.
  const lead = [...videos].sort((a, b) => (b.duration || 0) - (a.duration || 0))[0];
  if (!lead) return () => undefined;
  for (const video of videos) {
    video.currentTime = 0;
    void video.play().catch(() => undefined); // it was taken away meanwhile
  }
  const timer = setInterval(() => {
    for (const video of videos) {
      if (video === lead || !video.duration) continue;
      const wanted = lead.currentTime % video.duration;
      if (Math.abs(video.currentTime - wanted) > OFF) video.currentTime = wanted;
      if (video.paused !== lead.paused) void (lead.paused ? video.pause() : video.play().catch(() => undefined));
    }
  }, 100);
  return () => {
    clearInterval(timer);
    for (const video of videos) video.pause();
  };
}
