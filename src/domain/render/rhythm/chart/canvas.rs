//! A small picture of few colours, and its file.

/// What is drawn with; the order is that of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Ground,
    Grid,
    Axis,
    Good,
    Bad,
    First,
    Second,
    Third,
    Fourth,
}

impl Colour {
    /// One for each line, told apart also by those who see fewer colours.
    pub const LINES: [Self; 4] = [Self::First, Self::Second, Self::Third, Self::Fourth];

    const fn index(self) -> u8 {
        self as u8
    }
}

/// Red, green and blue of each colour, on white.
const PALETTE: [[u8; 3]; 9] = [
    [255, 255, 255],
    [222, 226, 230],
    [73, 80, 87],
    [148, 192, 160],
    [204, 68, 51],
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
];

/// Rows of three pixels, the highest bit on the left.
const GLYPHS: [(char, [u8; 5]); 18] = [
    ('0', [7, 5, 5, 5, 7]),
    ('1', [2, 6, 2, 2, 7]),
    ('2', [7, 1, 7, 4, 7]),
    ('3', [7, 1, 7, 1, 7]),
    ('4', [5, 5, 7, 1, 1]),
    ('5', [7, 4, 7, 1, 7]),
    ('6', [7, 4, 7, 5, 7]),
    ('7', [7, 1, 1, 2, 2]),
    ('8', [7, 5, 7, 5, 7]),
    ('9', [7, 5, 7, 1, 7]),
    (':', [0, 2, 0, 2, 0]),
    ('.', [0, 0, 0, 0, 2]),
    ('%', [5, 1, 2, 4, 5]),
    ('m', [0, 7, 7, 5, 5]),
    ('s', [0, 7, 6, 3, 7]),
    ('h', [4, 4, 7, 5, 5]),
    ('i', [2, 0, 2, 2, 2]),
    ('n', [0, 6, 5, 5, 5]),
];
/// A pixel of a glyph is a square of so many.
const SCALE: usize = 2;

pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![Colour::Ground.index(); width * height] }
    }

    fn set(&mut self, x: usize, y: usize, colour: Colour) {
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut(y * self.width + x)
        {
            *pixel = colour.index();
        }
    }

    /// Dashed when `every` is above one: so many pixels on, so many off.
    pub fn across(&mut self, from: usize, to: usize, y: usize, colour: Colour, every: usize) {
        (from..=to).filter(|x| every == 1 || (x / every).is_multiple_of(2)).for_each(|x| self.set(x, y, colour));
    }

    /// As [`Canvas::across`], from top to bottom.
    pub fn down(&mut self, x: usize, from: usize, to: usize, colour: Colour, every: usize) {
        (from..=to).filter(|y| every == 1 || (y / every).is_multiple_of(2)).for_each(|y| self.set(x, y, colour));
    }

    pub fn dot(&mut self, x: usize, y: usize, colour: Colour) {
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            self.set(x + dx, y + dy, colour);
        }
    }

    pub fn line(&mut self, from: (usize, usize), to: (usize, usize), colour: Colour) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let between =
            |a: usize, b: usize, n: usize| if a <= b { a + (b - a) * n / steps } else { a - (a - b) * n / steps };
        for n in 0..=steps {
            let (x, y) = (between(from.0, to.0, n), between(from.1, to.1, n));
            self.set(x, y, colour);
            self.set(x, y + 1, colour);
        }
    }

    /// Digits and what units are made of; anything else is a space.
    pub fn text(&mut self, x: usize, y: usize, text: &str) {
        for (n, c) in text.chars().enumerate() {
            let rows = GLYPHS.iter().find(|(glyph, _)| *glyph == c).map_or([0; 5], |(_, rows)| *rows);
            for (dy, row) in rows.into_iter().enumerate() {
                for dx in (0..3).filter(|dx| row & (4 >> dx) != 0) {
                    for square in 0..SCALE * SCALE {
                        let (sx, sy) = (square % SCALE, square / SCALE);
                        self.set(x + (n * 4 + dx) * SCALE + sx, y + dy * SCALE + sy, Colour::Axis);
                    }
                }
            }
        }
    }

    /// The file; `None` when it cannot be written, which memory never refuses.
    pub fn png(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let (width, height) = (u32::try_from(self.width).ok()?, u32::try_from(self.height).ok()?);
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(PALETTE.concat());
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&self.pixels).ok()?;
        writer.finish().ok()?;
        Some(out)
    }
}
