//! Shapes as a PDF (ISO 32000-1) of vectors: text has become outlines, so that every reader and printer shows the same
//! and no font need be embedded. Black and grey fills and strokes are all that a form has.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use resvg::tiny_skia::{PathSegment, Point, Transform};
use resvg::usvg::{self, Node, Paint};

/// Points of PDF in a pixel of SVG (72 / 96).
const POINTS: f32 = 0.75;

/// A document of these pages.
///
/// # Errors
/// What the compressor says; it writes to memory.
pub fn write(pages: &[usvg::Tree], title: &str) -> std::io::Result<Vec<u8>> {
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::new();
    let mut object = |out: &mut Vec<u8>, body: &[u8]| {
        offsets.push(out.len());
        let number = offsets.len();
        out.extend(format!("{number} 0 obj\n").bytes());
        out.extend(body);
        out.extend(b"\nendobj\n");
    };
    // 1 catalog, 2 pages, 3 information, then two objects a page.
    object(&mut out, b"<< /Type /Catalog /Pages 2 0 R /Lang (vi) /ViewerPreferences << /DisplayDocTitle true /PrintScaling /None >> >>");
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let list = format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" "));
    object(&mut out, list.as_bytes());
    let mut name = String::from("FEFF");
    for unit in title.encode_utf16() {
        let _ = write!(name, "{unit:04X}");
    }
    object(&mut out, format!("<< /Title <{name}> >>").as_bytes());
    for (place, tree) in pages.iter().enumerate() {
        let (width, height) = (tree.size().width() * POINTS, tree.size().height() * POINTS);
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2} {height:.2}] /Resources << >> /Contents {} 0 R >>",
            5 + 2 * place
        );
        object(&mut out, page.as_bytes());
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content(tree).as_bytes())?;
        let packed = encoder.finish()?;
        let mut stream =
            format!("<< /Filter /FlateDecode /Length {} >>\nstream\n", packed.len()).into_bytes();
        stream.extend(packed);
        stream.extend(b"\nendstream");
        object(&mut out, &stream);
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).bytes());
    for offset in &offsets {
        out.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = offsets.len() + 1;
    out.extend(
        format!("trailer\n<< /Size {size} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{start}\n%%EOF\n").bytes(),
    );
    Ok(out)
}

/// The operators of one page.
fn content(tree: &usvg::Tree) -> String {
    let height = tree.size().height() * POINTS;
    // SVG counts downwards, PDF upwards.
    let page = Transform::from_row(POINTS, 0.0, 0.0, -POINTS, 0.0, height);
    let mut text = String::new();
    let mut nodes: Vec<&Node> = tree.root().children().iter().rev().collect();
    while let Some(node) = nodes.pop() {
        match node {
            Node::Group(group) => nodes.extend(group.children().iter().rev()),
            Node::Text(words) => nodes.extend(words.flattened().children().iter().rev()),
            Node::Path(path) => shape(path, page, &mut text),
            Node::Image(_) => {}
        }
    }
    text
}

fn shape(path: &usvg::Path, page: Transform, text: &mut String) {
    let to_page = page.pre_concat(path.abs_transform());
    let fill = path.fill().map(|fill| (grey(fill.paint()), fill.rule()));
    let stroke = path.stroke().map(|stroke| (grey(stroke.paint()), stroke.width().get()));
    let outline = outline(path, to_page);
    if let Some((grey, rule)) = fill {
        let operator = if rule == usvg::FillRule::EvenOdd { "f*" } else { "f" };
        let _ = writeln!(text, "{grey:.2} g\n{outline}{operator}");
    }
    if let Some((grey, width)) = stroke {
        // Forms are scaled evenly: the length of one axis is the scale.
        let width = width * to_page.sx.hypot(to_page.ky);
        let dashes: Vec<String> = path
            .stroke()
            .and_then(usvg::Stroke::dasharray)
            .unwrap_or_default()
            .iter()
            .map(|dash| format!("{:.2}", dash * to_page.sx.hypot(to_page.ky)))
            .collect();
        let _ = writeln!(text, "{grey:.2} G {width:.3} w [{}] 0 d\n{outline}S", dashes.join(" "));
    }
}

/// Forms are printed in black and grey.
fn grey(paint: &Paint) -> f32 {
    match paint {
        Paint::Color(color) => f32::from(color.green) / 255.0,
        _ => 0.0,
    }
}

fn outline(path: &usvg::Path, to_page: Transform) -> String {
    let place = |mut point: Point| {
        to_page.map_point(&mut point);
        point
    };
    let mut text = String::new();
    let mut last = Point::from_xy(0.0, 0.0);
    for segment in path.data().segments() {
        let _ = match segment {
            PathSegment::MoveTo(to) => {
                last = to;
                let to = place(to);
                writeln!(text, "{:.2} {:.2} m", to.x, to.y)
            }
            PathSegment::LineTo(to) => {
                last = to;
                let to = place(to);
                writeln!(text, "{:.2} {:.2} l", to.x, to.y)
            }
            PathSegment::QuadTo(by, to) => {
                // The same curve as a cubic one.
                let third = |end: Point| {
                    place(Point::from_xy(
                        end.x + (by.x - end.x) * 2.0 / 3.0,
                        end.y + (by.y - end.y) * 2.0 / 3.0,
                    ))
                };
                let (one, two, end) = (third(last), third(to), place(to));
                last = to;
                writeln!(
                    text,
                    "{:.2} {:.2} {:.2} {:.2} {:.2} {:.2} c",
                    one.x, one.y, two.x, two.y, end.x, end.y
                )
            }
            PathSegment::CubicTo(one, two, to) => {
                last = to;
                let (one, two, end) = (place(one), place(two), place(to));
                writeln!(
                    text,
                    "{:.2} {:.2} {:.2} {:.2} {:.2} {:.2} c",
                    one.x, one.y, two.x, two.y, end.x, end.y
                )
            }
            PathSegment::Close => writeln!(text, "h"),
        };
    }
    text
}
