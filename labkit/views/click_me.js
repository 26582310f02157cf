// A button that says whether a click has reached Python. Its words come from click_me.py.

class ClickMe {
  constructor(model, root) {
    this.model = model;
    card(root, "labkit-click-me", "A button to try");
    this.button = button("", "Says [OK] when the click has reached Python", () => model.send({ click: true }));
    root.append(this.button);
    follow(this, model, "change:said");
  }

  draw() {
    this.button.textContent = this.model.get("said");
  }
}

export default shownAs(ClickMe);
