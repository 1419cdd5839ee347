// A short sound, made by the browser itself: no file is fetched for it.

let context: AudioContext | undefined;

/** Two soft tones. Before anything was pressed on the page, browsers keep it silent. */
export function chime(): void {
  context ??= new AudioContext();
  const { currentTime: now, destination } = context;
  for (const [at, pitch] of [[0, 660], [0.12, 880]] as const) {
    const tone = new OscillatorNode(context, { frequency: pitch });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setTargetAtTime(0.12, now + at, 0.01);
    volume.gain.setTargetAtTime(0, now + at + 0.08, 0.05);
    tone.connect(volume).connect(destination);
    tone.start(now + at);
    tone.stop(now + at + 0.5);
  }
}
