//! The limits, and what is said when a picture is beyond one.

use super::{FaceBox, Measured, Remark, Weight};

/// A limit at which the officer looks, and one at which the picture is taken again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The officer looks.
    pub look: f64,
    /// Taken again.
    pub retake: f64,
}

/// What a portrait must be. Shares are of the picture's width or height, light of 255.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Rules {
    /// Width of the face, least and most: ISO/IEC 19794-5 §8.3.4 wants the head at 50 to 71 % of the width; what the
    /// finder frames is about as wide as the head, and errs by some hundredths.
    pub face_width: (f64, f64),
    /// Where the face's middle may stand across (§8.3.2: 45 to 55 %, and what the finder errs).
    pub across: (f64, f64),
    /// Where it may stand downwards: a little below the eyes, which §8.3.3 wants at 30 to 50 % from the top.
    pub down: (f64, f64),
    /// The least pixels across the face: §8.4.1 wants 180 across the head, 90 between the eyes.
    pub face_pixels: Limits,
    /// How far the head may lean, in degrees (§7.2.2: 8).
    pub tilt: Limits,
    /// Mean light of the face, least and most.
    pub light: (f64, f64),
    /// The largest part of the face that may be burnt out.
    pub burnt: f64,
    /// The largest difference in light between the two halves of the face (§7.2.7).
    pub uneven: f64,
    /// The least contrast: standard deviation of light in the face.
    pub contrast: f64,
    /// The least sharpness: see [`Measured::sharpness`].
    pub sharpness: Limits,
    /// The least colour: mean distance of a pixel's channels.
    pub colour: f64,
    /// The least that red exceeds blue in a face: whatever the skin, less is a lamp's colour.
    pub warmth: f64,
    /// The largest unrest of the background beside the head (§7.2.6).
    pub background: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            face_width: (0.38, 0.75),
            across: (0.40, 0.60),
            down: (0.33, 0.60),
            face_pixels: Limits { look: 180.0, retake: 120.0 },
            tilt: Limits { look: 8.0, retake: 13.0 },
            light: (60.0, 215.0),
            burnt: 0.08,
            uneven: 48.0,
            contrast: 12.0,
            sharpness: Limits { look: 0.015, retake: 0.007 },
            colour: 4.0,
            warmth: 0.0,
            background: 24.0,
        }
    }
}

impl Rules {
    pub(super) fn judge(&self, measured: &Measured) -> Vec<Remark> {
        let mut remarks = Remarks(Vec::new());
        self.faces(measured, &mut remarks);
        if let Some(face) = measured.face {
            self.place(face, &mut remarks);
            self.detail(measured, &mut remarks);
            self.light(measured, &mut remarks);
        }
        self.around(measured, &mut remarks);
        remarks.0
    }

    fn faces(&self, measured: &Measured, remarks: &mut Remarks) {
        match measured.faces {
            0 => remarks.say(
                "no-face",
                Weight::Retake,
                (0.0, 1.0),
                "Không thấy khuôn mặt: chụp lại, nhìn thẳng vào máy, bỏ khẩu trang, kính râm hoặc mũ.".into(),
                "No face is seen: take it again, looking straight, without mask, dark glasses or hat.".into(),
            ),
            1 => {}
            more => remarks.say(
                "several-faces",
                Weight::Retake,
                (f64::from(u32::try_from(more).unwrap_or(u32::MAX)), 1.0),
                format!("Thấy {more} khuôn mặt: chỉ người đề nghị cấp thẻ được có trong ảnh."),
                format!("{more} faces are seen: only the applicant may be in the picture."),
            ),
        }
    }

    fn place(&self, face: FaceBox, remarks: &mut Remarks) {
        let (least, most) = self.face_width;
        if face.width < least {
            let (share, limit) = (percent(face.width), percent(least));
            remarks.say(
                "face-too-small",
                Weight::Retake,
                (face.width, least),
                format!("Khuôn mặt chỉ chiếm {share} chiều rộng ảnh (ít nhất {limit}): lại gần hơn hoặc cắt ảnh sát hơn."),
                format!("The face takes only {share} of the width (at least {limit}): move closer or crop closer."),
            );
        } else if face.width > most {
            let (share, limit) = (percent(face.width), percent(most));
            remarks.say(
                "face-too-large",
                Weight::Retake,
                (face.width, most),
                format!("Khuôn mặt chiếm {share} chiều rộng ảnh (nhiều nhất {limit}): lùi ra để thấy cả đầu và vai."),
                format!("The face takes {share} of the width (at most {limit}): move back until head and shoulders are seen."),
            );
        }
        if let Some(limit) = beyond(face.across, self.across) {
            let (share, bound) = (percent(face.across), percent(limit));
            remarks.say(
                "face-aside",
                Weight::Retake,
                (face.across, limit),
                format!("Khuôn mặt lệch ngang: giữa mặt ở {share} từ trái (giới hạn {bound}); đặt vào giữa khung."),
                format!("The face stands aside: its middle is {share} from the left (limit {bound}); bring it to the middle."),
            );
        }
        if let Some(limit) = beyond(face.down, self.down) {
            let (share, bound) = (percent(face.down), percent(limit));
            remarks.say(
                "face-high-or-low",
                Weight::Retake,
                (face.down, limit),
                format!("Khuôn mặt quá cao hoặc quá thấp: giữa mặt ở {share} từ trên (giới hạn {bound}); chỉnh máy ngang tầm mắt."),
                format!("The face is too high or too low: its middle is {share} from the top (limit {bound}); bring the camera to eye level."),
            );
        }
    }

    fn detail(&self, measured: &Measured, remarks: &mut Remarks) {
        if let Some((weight, limit)) = below(measured.face_pixels, self.face_pixels) {
            let pixels = measured.face_pixels;
            remarks.say(
                "too-few-pixels",
                weight,
                (pixels, limit),
                format!("Khuôn mặt chỉ rộng {pixels:.0} điểm ảnh (cần {limit:.0}): dùng độ phân giải cao hơn hoặc lại gần hơn."),
                format!("The face is only {pixels:.0} pixels wide ({limit:.0} are needed): use a higher resolution or move closer."),
            );
        }
        let tilt = measured.tilt.abs();
        if let Some((weight, limit)) = above(tilt, self.tilt) {
            remarks.say(
                "head-tilted",
                weight,
                (measured.tilt, limit),
                format!("Đầu nghiêng khoảng {tilt:.0}° (nhiều nhất {limit:.0}°): giữ đầu thẳng."),
                format!("The head leans by about {tilt:.0}° (at most {limit:.0}°): hold it upright."),
            );
        }
        if measured.contrast < self.contrast {
            let (contrast, limit) = (measured.contrast, self.contrast);
            remarks.say(
                "no-contrast",
                Weight::Retake,
                (contrast, limit),
                format!("Ảnh nhạt, không rõ nét mặt (tương phản {contrast:.0}, cần {limit:.0}): lau ống kính, chỉnh ánh sáng."),
                format!("The picture is flat, features can't be told (contrast {contrast:.0}, {limit:.0} needed): clean the lens, see to the light."),
            );
        } else if let Some((weight, limit)) = below(measured.sharpness, self.sharpness) {
            let (sharp, limit_shown) = (measured.sharpness * 1000.0, limit * 1000.0);
            remarks.say(
                "blurred",
                weight,
                (measured.sharpness, limit),
                format!("Ảnh bị nhòe (độ nét {sharp:.1}, cần {limit_shown:.0}): giữ yên, lấy nét vào mắt rồi chụp lại."),
                format!("The picture is blurred (sharpness {sharp:.1}, {limit_shown:.0} needed): hold still, focus on the eyes and take it again."),
            );
        }
    }

    fn light(&self, measured: &Measured, remarks: &mut Remarks) {
        let (least, most) = self.light;
        if measured.light < least {
            remarks.say(
                "too-dark",
                Weight::Retake,
                (measured.light, least),
                format!("Khuôn mặt quá tối (độ sáng {:.0} trên 255, cần {least:.0}): thêm đèn phía trước.", measured.light),
                format!("The face is too dark (light {:.0} of 255, {least:.0} needed): more light from the front.", measured.light),
            );
        } else if measured.light > most {
            remarks.say(
                "too-bright",
                Weight::Retake,
                (measured.light, most),
                format!(
                    "Khuôn mặt quá sáng (độ sáng {:.0} trên 255, nhiều nhất {most:.0}): giảm đèn.",
                    measured.light
                ),
                format!(
                    "The face is too bright (light {:.0} of 255, at most {most:.0}): less light.",
                    measured.light
                ),
            );
        } else if measured.burnt > self.burnt {
            let (share, limit) = (percent(measured.burnt), percent(self.burnt));
            remarks.say(
                "burnt-out",
                Weight::Retake,
                (measured.burnt, self.burnt),
                format!("{share} khuôn mặt bị cháy sáng (nhiều nhất {limit}): tắt đèn chớp hoặc giảm đèn."),
                format!("{share} of the face is burnt out (at most {limit}): no flash, or less light."),
            );
        }
        if measured.uneven > self.uneven {
            let (uneven, limit) = (measured.uneven, self.uneven);
            remarks.say(
                "uneven-light",
                Weight::Look,
                (uneven, limit),
                format!("Ánh sáng lệch: hai nửa mặt chênh {uneven:.0} (nhiều nhất {limit:.0}); đặt đèn cân hai bên."),
                format!("The light comes from one side: the face's halves differ by {uneven:.0} (at most {limit:.0}); light both sides alike."),
            );
        }
        // Without colour there is no cast.
        if measured.colour >= self.colour && measured.warmth < self.warmth {
            let (warmth, limit) = (measured.warmth, self.warmth);
            remarks.say(
                "colour-cast",
                Weight::Look,
                (warmth, limit),
                format!("Ảnh ám màu (đỏ hơn xanh {warmth:.0}, ít nhất {limit:.0}): chỉnh cân bằng trắng theo đèn."),
                format!("The picture has a colour cast (red over blue {warmth:.0}, at least {limit:.0}): set the white balance to the lamps."),
            );
        }
    }

    fn around(&self, measured: &Measured, remarks: &mut Remarks) {
        if measured.colour < self.colour {
            let (colour, limit) = (measured.colour, self.colour);
            remarks.say(
                "no-colour",
                Weight::Look,
                (colour, limit),
                format!("Ảnh không có màu (màu {colour:.0}, cần {limit:.0}): thẻ in ảnh màu."),
                format!("The picture has no colour (colour {colour:.0}, {limit:.0} needed): the card is printed in colour."),
            );
        }
        if measured.background > self.background {
            let (unrest, limit) = (measured.background, self.background);
            remarks.say(
                "background-uneven",
                Weight::Look,
                (unrest, limit),
                format!("Phông nền không đều (độ chênh {unrest:.0}, nhiều nhất {limit:.0}): chụp trước phông trắng hoặc sáng, không có bóng."),
                format!("The background is uneven (unrest {unrest:.0}, at most {limit:.0}): take it before a white or light wall without shadows."),
            );
        }
    }
}

struct Remarks(Vec<Remark>);

impl Remarks {
    fn say(
        &mut self,
        code: &'static str,
        weight: Weight,
        (measured, limit): (f64, f64),
        vi: String,
        en: String,
    ) {
        self.0.push(Remark { code, weight, measured, limit, vietnamese: vi, english: en });
    }
}

/// With a decimal, so that a value beside its limit does not read like it.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn beyond(value: f64, (from, to): (f64, f64)) -> Option<f64> {
    if value < from {
        Some(from)
    } else if value > to {
        Some(to)
    } else {
        None
    }
}

fn below(value: f64, limits: Limits) -> Option<(Weight, f64)> {
    if value < limits.retake {
        Some((Weight::Retake, limits.retake))
    } else {
        (value < limits.look).then_some((Weight::Look, limits.look))
    }
}

fn above(value: f64, limits: Limits) -> Option<(Weight, f64)> {
    if value > limits.retake {
        Some((Weight::Retake, limits.retake))
    } else {
        (value > limits.look).then_some((Weight::Look, limits.look))
    }
}
