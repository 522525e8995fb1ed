//! How far a scanned page is turned from upright, and turning it back.
//!
//! The method: lines of text make the sums of ink along the rows of a page rise and fall most sharply
//! where the rows run along the lines. So the angle is the one at which the squared differences of
//! neighbouring sums are largest: W. Postl, "Detection of linear oblique structures and skew scan in
//! digitized documents", ICPR 1986; compared with others by D. Bloomberg, G. Kopec, L. Dasari,
//! "Measuring document image skew and orientation", SPIE 2422, 1995. The page may be turned by a
//! right angle as well, so columns are tried like rows. Ink is told from paper by the threshold of
//! N. Otsu, "A threshold selection method from gray-level histograms", 1979.

use hayro::kurbo::{Affine, Point, Rect, Vec2};
use image::{GrayImage, imageops};

/// The largest skew that is searched for, in degrees.
const MAX_ANGLE: f64 = 10.0;

/// Steps of the two searches, in degrees.
const COARSE_STEP: f64 = 0.5;
const FINE_STEP: f64 = 0.05;

/// The longest side of the picture that is searched, in pixels.
const SEARCHED_SIDE: u32 = 1000;

/// The most places of ink that are looked at.
const MAX_PLACES: usize = 60_000;

/// Fewer tell nothing.
const MIN_PLACES: usize = 200;

/// How much sharper the profile must be than at most other angles, for lines of text to be the
/// reason.
const CERTAIN: f64 = 1.5;

const WHITE: u8 = 255;

/// How far lines of text are turned clockwise, in degrees; 0 if there seem to be none.
pub(super) fn angle(picture: &GrayImage) -> f64 {
    let reduced = reduced(picture);
    let Some(threshold) = threshold(&reduced) else { return 0.0 };
    let along_rows = best_angle(&edges(&reduced, threshold, Direction::Rows));
    let along_columns = best_angle(&edges(&reduced, threshold, Direction::Columns));
    let best = [along_rows, along_columns].into_iter().flatten().max_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|(_, sharpness)| *sharpness >= CERTAIN).map_or(0.0, |(angle, _)| angle)
}

/// Turns a picture counter-clockwise by `angle` degrees on white; with it the way from places in the
/// new picture to places in the old one.
pub(super) fn straighten(picture: &GrayImage, angle: f64) -> (GrayImage, Affine) {
    let old = Rect::new(0.0, 0.0, f64::from(picture.width()), f64::from(picture.height()));
    let turned = Affine::rotate(-angle.to_radians()).transform_rect_bbox(old);
    let (width, height) = (turned.width().ceil() as u32, turned.height().ceil() as u32);
    let to_old = Affine::rotate(angle.to_radians()) * Affine::translate(turned.origin().to_vec2());
    let [a, b, ..] = to_old.as_coeffs();
    let step = Vec2::new(a, b);
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    for y in 0..height {
        // Samples lie in the middle of pixels.
        let mut place = to_old * Point::new(0.5, f64::from(y) + 0.5) - Vec2::new(0.5, 0.5);
        for _ in 0..width {
            pixels.push(sample(picture, place));
            place += step;
        }
    }
    (GrayImage::from_raw(width, height, pixels).unwrap_or_default(), to_old)
}

/// The grey at a place between pixels, from the four around it; white outside.
fn sample(picture: &GrayImage, place: Point) -> u8 {
    let (left, top) = (place.x.floor(), place.y.floor());
    let (right_part, lower_part) = (place.x - left, place.y - top);
    let (left, top) = (left as i64, top as i64);
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    if left < -1 || top < -1 || left >= width || top >= height {
        return WHITE;
    }
    let grey = |x: i64, y: i64| {
        let is_inside = (0..width).contains(&x) && (0..height).contains(&y);
        f64::from(if is_inside { picture.as_raw()[(y * width + x) as usize] } else { WHITE })
    };
    let upper = grey(left, top) * (1.0 - right_part) + grey(left + 1, top) * right_part;
    let lower = grey(left, top + 1) * (1.0 - right_part) + grey(left + 1, top + 1) * right_part;
    (upper * (1.0 - lower_part) + lower * lower_part).round() as u8
}

fn reduced(picture: &GrayImage) -> GrayImage {
    let longest = picture.width().max(picture.height());
    if longest <= SEARCHED_SIDE {
        return picture.clone();
    }
    let side = |side: u32| (u64::from(side) * u64::from(SEARCHED_SIDE) / u64::from(longest)).max(1) as u32;
    imageops::thumbnail(picture, side(picture.width()), side(picture.height()))
}

/// The grey that separates dark from bright pixels best (Otsu 1979); `None` if all are alike.
fn threshold(picture: &GrayImage) -> Option<u8> {
    let mut histogram = [0u64; 256];
    for grey in picture.as_raw() {
        histogram[usize::from(*grey)] += 1;
    }
    let total: u64 = histogram.iter().sum();
    let weighed = |(grey, count): (usize, &u64)| grey as u64 * count;
    let sum: u64 = histogram.iter().enumerate().map(weighed).sum();
    let (mut dark, mut dark_sum) = (0, 0);
    let mut best = None;
    let mut best_variance = 0.0;
    for (grey, count) in histogram.iter().enumerate() {
        dark += count;
        dark_sum += weighed((grey, count));
        if dark == 0 || dark == total {
            continue;
        }
        let means = (dark_sum as f64 / dark as f64, (sum - dark_sum) as f64 / (total - dark) as f64);
        let variance = dark as f64 * (total - dark) as f64 * (means.1 - means.0).powi(2);
        if variance > best_variance {
            (best, best_variance) = (u8::try_from(grey).ok(), variance);
        }
    }
    best
}

#[derive(Clone, Copy)]
enum Direction {
    Rows,
    Columns,
}

/// The places where ink ends: below it for rows, right of it for columns. They line up more sharply
/// than the ink itself. For columns the axes are exchanged so that one search serves both.
fn edges(picture: &GrayImage, threshold: u8, direction: Direction) -> Vec<(f32, f32)> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.as_raw();
    let next = match direction {
        Direction::Rows => width,
        Direction::Columns => 1,
    };
    let mut places = Vec::new();
    for y in 0..height.saturating_sub(1) {
        for x in 0..width.saturating_sub(1) {
            let at = y * width + x;
            if pixels[at] <= threshold && pixels[at + next] > threshold {
                places.push(match direction {
                    Direction::Rows => (x as f32, y as f32),
                    // Turned by a right angle, so that clockwise stays clockwise.
                    Direction::Columns => (y as f32, (width - x) as f32),
                });
            }
        }
    }
    let every = places.len().div_ceil(MAX_PLACES).max(1);
    places.into_iter().step_by(every).collect()
}

/// The angle at which places line up most sharply, and how much more than at the median angle. `None`
/// if there are too few, or it may lie outside of the search.
fn best_angle(places: &[(f32, f32)]) -> Option<(f64, f64)> {
    if places.len() < MIN_PLACES {
        return None;
    }
    let steps = (MAX_ANGLE / COARSE_STEP) as i32;
    let coarse: Vec<(f64, f64)> = (-steps..=steps)
        .map(|step| f64::from(step) * COARSE_STEP)
        .map(|angle| (angle, sharpness(places, angle)))
        .collect();
    let sharpest = coarse.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    if sharpest.0.abs() >= MAX_ANGLE {
        return None;
    }
    let mut all: Vec<f64> = coarse.iter().map(|(_, sharpness)| *sharpness).collect();
    all.sort_by(f64::total_cmp);
    let median = all[all.len() / 2];
    let steps = (COARSE_STEP / FINE_STEP) as i32;
    let (angle, best) = (-steps..=steps)
        .map(|step| sharpest.0 + f64::from(step) * FINE_STEP)
        .map(|angle| (angle, sharpness(places, angle)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    (median > 0.0).then(|| (angle, best / median))
}

/// The squared differences of neighbouring sums of the places along lines turned by an angle.
fn sharpness(places: &[(f32, f32)], angle: f64) -> f64 {
    let (sin, cos) = angle.to_radians().sin_cos();
    let (sin, cos) = (sin as f32, cos as f32);
    let row = |(x, y): (f32, f32)| (y * cos - x * sin).round() as i32;
    let (first, last) = places.iter().fold((i32::MAX, i32::MIN), |(first, last), place| {
        let row = row(*place);
        (first.min(row), last.max(row))
    });
    let mut sums = vec![0i64; (last - first) as usize + 1];
    for place in places {
        sums[(row(*place) - first) as usize] += 1;
    }
    sums.windows(2).map(|pair| ((pair[1] - pair[0]) * (pair[1] - pair[0])) as f64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Black bars on white, like lines of text of uneven length.
    fn page(width: u32, height: u32) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| {
            let is_line = y % 20 < 9 && (40..height - 40).contains(&y);
            let is_word = x % 31 < 24 && (40..width - 40 - y % 7 * 13).contains(&x);
            image::Luma([if is_line && is_word { 20 } else { 250 }])
        })
    }

    fn turned_by_right_angle(picture: &GrayImage) -> GrayImage {
        imageops::rotate90(picture)
    }

    #[test]
    fn the_skew_of_lines_is_found_in_both_directions() {
        let page = page(420, 500);
        assert!(angle(&page).abs() < 0.15, "{}", angle(&page));
        for skew in [-7.3, 0.5, 3.0] {
            let (skewed, _) = straighten(&page, -skew);
            assert!((angle(&skewed) - skew).abs() < 0.15, "{skew}: {}", angle(&skewed));
            let lying = turned_by_right_angle(&skewed);
            assert!((angle(&lying) - skew).abs() < 0.15, "{skew}: {}", angle(&lying));
        }
    }

    #[test]
    fn a_picture_without_lines_stays_as_it_is() {
        let noise = GrayImage::from_fn(500, 500, |x, y| {
            image::Luma([(x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503))
                .wrapping_mul(2_246_822_519)
                .to_be_bytes()[0]])
        });
        assert_eq!(angle(&noise), 0.0);
        assert_eq!(angle(&GrayImage::from_pixel(300, 300, image::Luma([255]))), 0.0);
        assert_eq!(angle(&GrayImage::new(1, 1)), 0.0);
    }

    #[test]
    fn the_way_back_leads_to_the_old_picture() {
        let mut picture = GrayImage::from_pixel(300, 200, image::Luma([255]));
        for (x, y) in [(100, 50), (101, 50), (100, 51), (101, 51)] {
            picture.put_pixel(x, y, image::Luma([0]));
        }
        let (straight, to_old) = straighten(&picture, 5.0);
        let (x, y, _) = straight.enumerate_pixels().min_by_key(|(_, _, pixel)| pixel.0[0]).unwrap();
        let old = to_old * Point::new(f64::from(x) + 0.5, f64::from(y) + 0.5);
        assert!((old - Point::new(101.0, 51.0)).hypot() < 1.5, "{old:?}");
    }

    #[test]
    fn corners_of_a_straightened_picture_are_white() {
        let (straight, _) = straighten(&GrayImage::new(100, 100), 10.0);
        assert!(straight.width() > 110);
        assert_eq!(straight.get_pixel(0, 0).0, [255]);
        assert_eq!(straight.get_pixel(straight.width() / 2, straight.height() / 2).0, [0]);
    }
}
