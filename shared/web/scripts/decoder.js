// A QR reader for browsers without BarcodeDetector; loaded only there, see receiving.js.
import decodeQR from "qr/decode.js";

const sheet = document.createElement("canvas");
const pen = sheet.getContext("2d", { willReadFrequently: true });
const SIDE_MAX = 640; // enough for a label held before a phone, and fast on an old one

globalThis.QRReader = class {
  // Return what is written in a picture's codes, as BarcodeDetector does.
  async detect(picture) {
    const [wide, high] = [picture.videoWidth || picture.width, picture.videoHeight || picture.height];
    if (!wide) return [];
    const scale = Math.min(1, SIDE_MAX / Math.max(wide, high));
    sheet.width = Math.round(wide * scale);
    sheet.height = Math.round(high * scale);
    pen.drawImage(picture, 0, 0, sheet.width, sheet.height);
    const { data, width, height } = pen.getImageData(0, 0, sheet.width, sheet.height);
    try {
      return [{ rawValue: decodeQR({ width, height, data }) }];
    } catch {
      return []; // no code in this picture
    }
  }
};
