// The camera of the officer's machine: what it sees goes into the form as if it were a file. A file is chosen where there is
// no camera, where the desk is opened from another machine without TLS (a browser gives no camera then), or without this script.
"use strict";
(() => {
  const box = document.querySelector("[data-camera]");
  const file = document.getElementById("file");
  if (!box || !file || !navigator.mediaDevices?.getUserMedia) {
    return;
  }
  const part = (name) => box.querySelector(`[data-part="${name}"]`);
  const [video, which] = [part("video"), part("which")];
  let stream = null;
  let opening = false;

  const shown = (live) => {
    part("open").hidden = live;
    part("live").hidden = !live;
  };
  const close = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    shown(false);
  };
  const complain = (error) => {
    close();
    const reasons = [...box.querySelectorAll("[data-why]")];
    const known = reasons.find((one) => one.dataset.why === error?.name) ?? reasons.at(-1);
    for (const one of reasons) {
      one.hidden = one !== known;
    }
    part("wrong").hidden = false;
    part("open").focus();
  };
  const list = async (chosen) => {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter((device) => device.kind === "videoinput");
    which.replaceChildren(...cameras.map((camera, place) =>
      new Option(camera.label || String(place + 1), camera.deviceId, false, camera.deviceId === chosen)));
    part("choice").hidden = cameras.length < 2;
  };
  const open = async (camera) => {
    // A second press while the first is being answered would leave a camera on that nobody sees.
    if (opening) {
      return;
    }
    opening = true;
    close();
    part("wrong").hidden = true;
    try {
      const wanted = { width: { ideal: 1920 }, height: { ideal: 1440 } };
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: camera ? { ...wanted, deviceId: { exact: camera } } : wanted,
      });
      const [track] = stream.getVideoTracks();
      // A camera that is unplugged is no picture that stands still.
      track.addEventListener("ended", () => complain(null));
      video.srcObject = stream;
      await video.play();
      await list(track.getSettings().deviceId);
      shown(true);
      part("take").focus();
    } catch (error) {
      complain(error);
    } finally {
      opening = false;
    }
  };
  const take = () => {
    const [wide, high] = [video.videoWidth, video.videoHeight];
    if (!wide || !high) {
      return;
    }
    // The upright middle, three to four: what the frame shows.
    const height = Math.min(high, Math.floor((wide * 4) / 3));
    const width = Math.round((height * 3) / 4);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d").drawImage(video, (wide - width) / 2, (high - height) / 2, width, height, 0, 0, width, height);
    canvas.toBlob((picture) => {
      if (!picture) {
        complain(null);
        return;
      }
      const files = new DataTransfer();
      files.items.add(new File([picture], "camera.jpg", { type: "image/jpeg" }));
      file.files = files.files;
      close();
      file.form.requestSubmit();
    }, "image/jpeg", 0.95);
  };

  part("open").addEventListener("click", () => open());
  part("take").addEventListener("click", take);
  part("close").addEventListener("click", () => {
    close();
    part("open").focus();
  });
  which.addEventListener("change", () => open(which.value));
  window.addEventListener("pagehide", close);
  box.hidden = false;
})();
