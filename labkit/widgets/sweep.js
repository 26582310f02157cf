// The charts of a sweep, in the colours of the theme. As images: nothing in them can run.

export default {
  render({ model, el: root }) {
    card(root, "labkit-sweep", "Answers over the temperature");
    for (const theme of ["light", "dark"]) {
      const src = `data:image/svg+xml,${encodeURIComponent(model.get(theme))}`;
      root.append(el("img", { class: theme, src, alt: model.get("alt") }));
    }
  },
};
