"""What starts and wires the product: launcher's targets, CLI, the App, its driver, palette, themes and keymap."""
