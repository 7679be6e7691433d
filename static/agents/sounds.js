// What an agent hears when something comes in: tones that the browser makes by itself.

const SOUNDS = {
  soft: { shape: "sine", loudness: 0.04, apart: 0.12, lasts: 0.3, tones: [660, 880] },
  clear: { shape: "triangle", loudness: 0.16, apart: 0.16, lasts: 0.45, tones: [784, 1047, 1319] },
};

let audio = null;

/** Let this page sound: a browser allows it only once somebody has touched the page. */
export function unlock() {
  audio ??= new AudioContext();
  audio.resume();
}

/** Play a sound by its name; nothing for `none`, or before `unlock`. */
export function play(name) {
  const sound = SOUNDS[name];
  if (!audio || !sound) return;
  sound.tones.forEach((tone, at) => strike(sound, tone, audio.currentTime + at * sound.apart));
}

function strike({ shape, loudness, lasts }, tone, start) {
  const source = audio.createOscillator();
  const volume = audio.createGain();
  source.type = shape;
  source.frequency.value = tone;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(loudness, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + lasts);
  source.connect(volume).connect(audio.destination);
  source.start(start);
  source.stop(start + lasts + 0.02);
}
