import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadFrame, FrameCutter } from './mqtt-frames.ts';
import { frame, framesIn, lengthOf } from './raw-hub.ts';

const anyFrame = fc
  .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 400 }))
  .map(([type, flags, body]) => frame(type, flags, Buffer.from(body)));

describe('the frame cutter', () => {
  test('passes everything, wherever the stream is torn, in portions of so many frames at most', () => {
    const property = fc.property(
      fc.array(anyFrame, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 3 }),
      (frames, tears, atOnce) => {
        const stream = Buffer.concat(frames);
        const cutter = new FrameCutter();
        const passed: Buffer[] = [];
        for (let at = 0, n = 0; at < stream.length; n++) {
          const chunk = stream.subarray(at, at + (tears[n % tears.length] ?? 1));
          const border = cutter.atBorder;
          const passes = cutter.pass(chunk, atOnce, 1_000);
          const portion = chunk.subarray(0, passes);
          if (border) expect(framesIn(portion).frames.length).toBeLessThanOrEqual(atOnce);
          passed.push(portion);
          at += passes;
        }
        expect(Buffer.concat(passed)).toEqual(stream);
        expect(cutter.atBorder).toBe(true);
        expect(cutter.publishes).toBe(frames.filter((it) => (it[0] ?? 0) >> 4 === 3).length);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  test('passes the rest of a frame that has begun when no other may begin', () => {
    const cutter = new FrameCutter();
    const [one, two] = [frame(3, 2, Buffer.alloc(50)), frame(12, 0, Buffer.alloc(0))];
    expect(cutter.pass(one.subarray(0, 10), 1, 100)).toBe(10);
    expect(cutter.pass(Buffer.concat([one.subarray(10), two]), 0, 100)).toBe(one.length - 10);
    expect(cutter.pass(two, 0, 100)).toBe(0);
    expect(cutter.pass(two, 1, 100)).toBe(2);
  });

  test.each([
    ['more than may be', Buffer.concat([Buffer.from([0x30]), lengthOf(101)]), 101],
    ['a length of five bytes', Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]), Number.POSITIVE_INFINITY],
  ])('refuses a frame that declares %s, before any of it came', (_, bytes, declared) => {
    const cut = () => new FrameCutter().pass(bytes, 1, 100);
    expect(cut).toThrow(BadFrame);
    expect(cut).toThrow(expect.objectContaining({ declaredBytes: declared }));
  });
});
