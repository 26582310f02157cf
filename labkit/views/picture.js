// A drawing in the colours of the theme, with its words for those who hear it. As an image: nothing in it can run.

export default {
  render({ model, el: root }) {
    card(root, "labkit-picture", model.get("label"));
    root.style.maxWidth = `${1.2 * model.get("width")}px`;
    for (const theme of ["light", "dark"]) {
      const src = `data:image/svg+xml,${encodeURIComponent(model.get(theme))}`;
      root.append(el("img", { class: theme, src, alt: model.get("alt") }));
    }
  },
};
