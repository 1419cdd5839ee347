// A voice note while it is spoken: the microphone, how long it has been, and the file in the end.
import { secondsOf, writeOgg } from "../../lib/opus/ogg";
import { readWebm } from "../../lib/opus/webm";
import { VOICE } from "./outgoing.svelte";

const WEBM = "audio/webm;codecs=opus";
const OGG = "audio/ogg;codecs=opus";
/** A note is over by itself then: fifteen minutes are less than the largest file. */
export const LONGEST_SECONDS = 900;
const TICK = 200;
/** What is shorter was a slip. */
const SHORTEST_SECONDS = 0.5;

export class Recorder {
  /** Waiting for the permission, or for the first sound. */
  isBeginning = $state(false);
  isRecording = $state(false);
  seconds = $state(0);
  private recorder: MediaRecorder | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private isGivenUp = false;

  /** Whether this browser records what WhatsApp plays. Browsers have it on secure pages alone. */
  static isPossible(): boolean {
    const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
    return mediaDevices !== undefined && "MediaRecorder" in globalThis && typeHere() !== undefined;
  }

  /** Resolves with the note once it is ended; with nothing where it was given up or too short. */
  async record(): Promise<File | undefined> {
    if (this.isBeginning || this.isRecording) return undefined;
    [this.isBeginning, this.isGivenUp, this.seconds] = [true, false, 0];
    let stream: MediaStream | undefined;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (this.isLeft()) return undefined;
      const bytes = await this.take(stream);
      return this.isLeft() ? undefined : await noteOf(bytes);
    } finally {
      stream?.getTracks().forEach((track) => track.stop());
      clearInterval(this.timer);
      [this.isBeginning, this.isRecording] = [false, false];
      this.recorder = undefined;
    }
  }

  end(): void {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  giveUp(): void {
    this.isGivenUp = true;
    this.end();
  }

  /** A method, since it changes while something is waited for. */
  private isLeft(): boolean {
    return this.isGivenUp;
  }

  private take(stream: MediaStream): Promise<Blob> {
    const mimeType = typeHere() ?? WEBM;
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 24_000 });
    const parts: Blob[] = [];
    this.recorder = recorder;
    return new Promise((resolve, reject) => {
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onerror = () => reject(new Error("the recorder failed"));
      recorder.onstop = () => resolve(new Blob(parts, { type: mimeType }));
      recorder.onstart = () => {
        [this.isBeginning, this.isRecording] = [false, true];
        const start = performance.now();
        this.timer = setInterval(() => {
          this.seconds = (performance.now() - start) / 1000;
          if (LONGEST_SECONDS <= this.seconds) this.end();
        }, TICK);
      };
      recorder.start();
    });
  }
}

/** Ogg where the browser writes it, else WebM, whose sound is put into Ogg here. */
const typeHere = (): string | undefined =>
  [OGG, WEBM].find((type) => MediaRecorder.isTypeSupported(type));

async function noteOf(blob: Blob): Promise<File | undefined> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const name = `voice-${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}.ogg`;
  if (blob.type.startsWith("audio/ogg")) return new File([bytes], name, { type: VOICE });
  const recording = readWebm(bytes);
  if (secondsOf(recording.packets) < SHORTEST_SECONDS) return undefined;
  const [serial = 0] = crypto.getRandomValues(new Uint32Array(1));
  return new File([writeOgg(recording, serial)], name, { type: VOICE });
}
