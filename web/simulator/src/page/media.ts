// Media files: prepared, uploaded to and downloaded from the network, which stores the bytes.
import { account, toBase64 } from "./account";
import { Model } from "./base";
import { unixTime as now } from "./clock";
import { MsgKey } from "./ids";
import { defineAll, importNamespace, type Exports } from "./loader";
import { MediaDataModel, findMessage, networkId, type ChatModel } from "./models";
import { network } from "./network";

class OpaqueData {
  private address: string | undefined;
  private readonly blob: Blob;
  constructor(
    data: Blob | BlobPart,
    private readonly mime: string,
  ) {
    this.blob = data instanceof Blob ? data : new Blob([data], { type: mime });
    this.mime ||= this.blob.type;
  }
  static createFromData(data: Blob | BlobPart, mime: string): Promise<OpaqueData> {
    return Promise.resolve(new OpaqueData(data, mime));
  }
  type(): string {
    return this.mime;
  }
  size(): number {
    return this.blob.size;
  }
  forceToBlob(): Blob {
    return this.blob;
  }
  formData(): Blob {
    return this.blob;
  }
  url(): string {
    return (this.address ??= URL.createObjectURL(this.blob));
  }
  retain(): void {
    // The garbage collector does what the reference count would.
  }
  release(): void {
    // As above.
  }
  autorelease(): void {
    // As above.
  }
  throwIfReleased(): void {
    // As above.
  }
}

/** Which message's file a hash stands for, and under which id an upload was taken. */
const messageOf = new Map<string, string>();
const uploads = new Map<string, string>();

export function rememberMedia(filehash: string, message: string): void {
  messageOf.set(filehash, message);
}

export function uploadedMedia(filehash: unknown): string {
  const media = uploads.get(String(filehash));
  if (!media) throw new Error("the file was not uploaded");
  return media;
}

/** The file of a hash, as far as the page has it: what is prepared, sent and shown shares it. */
class MediaObject extends Model {
  readonly contentInfo: Exports = {};
  consolidate(attributes: Exports): void {
    this.set(attributes);
  }
}

const mediaObjects = new Map<string, MediaObject>();

function mediaObjectOf(filehash: string): MediaObject {
  const found = mediaObjects.get(filehash) ?? new MediaObject({ filehash });
  mediaObjects.set(filehash, found);
  return found;
}

async function upload(given: Exports): Promise<Exports> {
  const object: MediaObject = given["mediaObject"];
  const blob: Blob = object["mediaBlob"].forceToBlob();
  const mime = encodeURIComponent(given["mimetype"]);
  const answer = await fetch(`/_network/media?mime=${mime}`, { method: "POST", body: blob });
  if (!answer.ok) throw new Error(`the upload was refused: ${answer.status}`);
  const { media } = (await answer.json()) as { media: string };
  const filehash = String(object["filehash"]);
  uploads.set(filehash, media);
  const mediaEntry = {
    mmsUrl: new URL(`/_network/media/${media}`, location.href).href,
    deprecatedMms3Url: "",
    directPath: "/simulated",
    mediaKey: "simulated",
    mediaKeyTimestamp: now(),
    encFilehash: filehash,
    uploadHash: filehash,
  };
  return { mediaEntry };
}

async function download(filehash: string): Promise<ArrayBuffer | null> {
  let media = uploads.get(filehash);
  const message = messageOf.get(filehash);
  if (!media && message) {
    const found = findMessage(message);
    const answer = await network.ask(
      { request: "media", message: found ? networkId(found) : message },
      "media",
    );
    media = answer.media;
  }
  if (!media) return null;
  const response = await fetch(`/_network/media/${encodeURIComponent(media)}`);
  return response.ok ? response.arrayBuffer() : null;
}

async function fetchOrFail(wanted: Exports): Promise<ArrayBuffer> {
  const bytes = await download(String(wanted["filehash"]));
  if (!bytes) throw Object.assign(new Error("the file is gone"), { status: 404 });
  return bytes;
}

const hash = async (blob: Blob): Promise<string> =>
  toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));

function typeOf(mime: string, options: Exports): string {
  if (options["asDocument"]) return "document";
  if (options["asSticker"]) return "sticker";
  if (options["isPtt"]) return "ptt";
  const family = mime.split("/")[0] ?? "";
  return ["image", "video", "audio"].includes(family) ? family : "document";
}

async function prepare(data: OpaqueData, options: Exports): Promise<MediaDataModel> {
  const blob = data.forceToBlob();
  const model = new MediaDataModel({
    type: typeOf(data.type(), options),
    mimetype: data.type(),
    size: data.size(),
    filehash: await hash(blob),
    mediaStage: "PREPARED",
    ...options["precomputedFields"],
  });
  if (model["type"] === "image" || model["type"] === "sticker") await addPreview(model, blob);
  model["mediaBlob"] = data;
  return model;
}

async function addPreview(model: MediaDataModel, blob: Blob): Promise<void> {
  const bitmap = await createImageBitmap(blob).catch(() => undefined);
  if (!bitmap) return;
  const canvas = new OffscreenCanvas(32, 32);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, 32, 32);
  const small = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.5 });
  model.set({
    fullWidth: bitmap.width,
    fullHeight: bitmap.height,
    preview: toBase64(new Uint8Array(await small.arrayBuffer())),
  });
}

class MediaPrep {
  constructor(
    readonly mediaType: string,
    readonly _mediaDataPromise: Promise<MediaDataModel>,
  ) {}
  waitForPrep(): Promise<MediaDataModel> {
    return this._mediaDataPromise;
  }
  // One parameter: libraries tell the present signature by it.
  async sendToChat(given: { chat: ChatModel; options: Exports }): Promise<Exports> {
    const { chat, options } = given;
    const data = await this._mediaDataPromise;
    const raw: Exports = options["productMsgOptions"] ?? {};
    const mediaObject = mediaObjectOf(data["filehash"]);
    mediaObject.consolidate(data.toJSON());
    data["mediaStage"] = "UPLOADING";
    const upload = { mediaType: data["type"], mimetype: data["mimetype"], mediaObject };
    try {
      await importNamespace("WAWebMediaMmsV4Upload")["uploadMedia"](upload);
    } catch (error) {
      data["mediaStage"] = "ERROR_UPLOAD";
      throw error;
    }
    data["mediaStage"] = "RESOLVED";
    const message = {
      ...raw,
      id:
                raw["id"] ??
                new MsgKey({ fromMe: true, remote: chat["id"], id: await MsgKey.newId() }),
      from: raw["from"] ?? account.me?.pn,
      to: chat["id"],
      t: raw["t"] ?? now(),
      isNewMsg: true,
      type: data["type"],
      // A library puts the file's name where nobody wrote a caption.
      caption: options["caption"] ?? (raw["isCaptionByUser"] ? raw["caption"] : undefined),
      mimetype: data["mimetype"],
      size: data["size"],
      filehash: data["filehash"],
      filename: raw["filename"] ?? options["filename"] ?? data["filename"],
      width: data["fullWidth"],
      height: data["fullHeight"],
      body: data["preview"],
      mediaData: data,
      mediaKey: "simulated",
      directPath: "/simulated",
      isViewOnce: options["isViewOnce"],
    };
    const [added, result] = importNamespace("WAWebSendMsgChatAction")["addAndSendMsgToChat"](
      chat,
      message,
    );
    await added;
    return result;
  }
}

const MIB = 2 ** 20;

export function defineMedia(): void {
  defineAll({
    WAWebMediaOpaqueData: () => ({ default: OpaqueData }),
    WAWebPrepRawMedia: () => ({
      MediaPrep,
      prepRawMedia: (data: OpaqueData, options: Exports = {}) =>
        new MediaPrep(typeOf(data.type(), options), prepare(data, options)),
      uploadProductImage: () => Promise.resolve(),
    }),
    WAWebMediaGatingUtils: () => ({
      getUploadLimit: (type: string) => (type === "document" ? 2048 * MIB : 64 * MIB),
    }),
    WAWebMediaStorage: () => ({ getOrCreateMediaObject: mediaObjectOf }),
    WAWebMediaMmsV4Upload: () => ({ uploadMedia: upload, uploadUnencryptedMedia: upload }),
    WAWebDownloadManager: () => ({ downloadManager: { downloadAndMaybeDecrypt: fetchOrFail } }),
    WAWebMediaLruStore: () => ({
      LruMediaStore: {
        get: download,
        put: () => Promise.resolve(),
        del: () => Promise.resolve(),
        clear: () => Promise.resolve(),
        count: () => Promise.resolve(0),
        has: async (filehash: string) => Boolean(await download(filehash)),
      },
    }),
    WAWebMediaInMemoryBlobCache: () => ({
      InMemoryMediaBlobCacheImpl: Map,
      InMemoryMediaBlobCache: new Map(),
    }),
    WAMediaCalculateFilehash: () => ({ calculateFilehashFromBlob: hash }),
    WAWebMediaVideoThumbs: () => ({
      generateVideoThumbsAndDuration: () => Promise.resolve({ duration: 1, thumbs: [] }),
    }),
    WAWebProcessRawMedia: () => ({
      processRawMedia: prepare,
      processRawSticker: (data: OpaqueData) => Promise.resolve({ mediaBlob: data }),
      processRawAudioVideo: (data: OpaqueData) => Promise.resolve(data),
      isAnimatedWebp: () => false,
    }),
    WAWebMediaDataUtils: () => ({ shouldUseMediaCache: () => false }),
    WAWebMmsMediaTypes: () => ({
      msgToMediaType: (message: Exports) => message["type"],
      castToV4: (type: string) => type,
    }),
  });
}
