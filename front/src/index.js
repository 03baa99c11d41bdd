/** The session picker, as anywidget loads it: one store a model, one view each time it is shown. */
import { whenGone } from "./kernel.js";
import { Store } from "./store.js";
import { View } from "./view.js";

export default () => {
  /** @type {Store} */
  let store;
  return {
    /** @param {{model: import("./types.js").Model}} context */
    initialize({ model }) {
      store = new Store(model);
      return whenGone(model, () => store.end());
    },
    /** @param {{el: HTMLElement}} context */
    render({ el }) {
      const view = new View(store, el);
      store.enter();
      return () => {
        view.remove();
        store.leave();
      };
    },
  };
};
