//! Renders every page with sample data into a folder, so that the look can be judged without a server.
//!
//! `cargo run -p midwatch-web --example gallery -- FOLDER`, then serve the folder and open `index.html`.

mod case;
mod desk;
mod house;
mod sample;
mod work;

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("Name the folder to write to.")?;
    let folder = Path::new(&folder);
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let versioned = folder.join("assets/gallery");
    fs::create_dir_all(&versioned)?;
    for file in fs::read_dir(assets)? {
        let file = file?;
        fs::copy(file.path(), versioned.join(file.file_name()))?;
        fs::copy(file.path(), folder.join("assets").join(file.file_name()))?;
    }
    let mut pages = work::pages()?;
    pages.extend(case::pages()?);
    pages.extend(desk::pages()?);
    pages.extend(house::pages()?);
    let mut index = String::from("<!doctype html><meta charset=utf-8><title>Gallery</title><ul>");
    for (name, html) in &pages {
        fs::write(folder.join(format!("{name}.html")), html)?;
        index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a></li>"));
    }
    fs::write(folder.join("index.html"), index)?;
    Ok(())
}
