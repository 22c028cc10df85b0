// Logging in, for the console and the studio: the form that both pages begin with. What comes after
// it is theirs.

import { get, inWords, post, Refused, setCsrf, Unreachable } from "./console.api.js";
import { byId, setText, showLine } from "./console.dom.js";

const RETRY_MS = 2_000;

/** The form in the page; `entered` gets what the desk tells of who is logged in. */
export class Login {
  #entered;

  constructor(entered) {
    this.#entered = entered;
    byId("login-form").addEventListener("submit", (event) => this.#submit(event));
    byId("reveal").addEventListener("click", reveal);
  }

  /** In at once for who is logged in already; the form for everybody else. */
  async start() {
    for (;;) {
      try {
        this.#enter(await get("/me"));
        return;
      } catch (error) {
        if (error instanceof Refused && error.status === 401) {
          this.show();
          return;
        }
        showLine("No connection to the server. Trying again…");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  show(message = "") {
    showLine("");
    byId("login").hidden = false;
    byId("login-error").textContent = message;
    document.title = "Log in · Deskhand";
    byId(byId("login-name").value ? "login-password" : "login-name").focus();
  }

  #enter(me) {
    setCsrf(me.csrf);
    showLine("");
    byId("login").hidden = true;
    this.#entered(me);
  }

  async #submit(event) {
    event.preventDefault();
    const [name, password] = [byId("login-name"), byId("login-password")];
    const error = byId("login-error");
    const submit = event.target.querySelector('[type="submit"]');
    const missing = !name.value.trim() ? name : !password.value ? password : null;
    if (missing) {
      error.textContent = missing === name ? "Enter your login." : "Enter your password.";
      missing.focus();
      return;
    }
    submit.disabled = true;
    error.textContent = "";
    try {
      const me = await post("/login", { login: name.value, password: password.value });
      password.value = "";
      this.#enter(me);
    } catch (why) {
      error.textContent =
        why instanceof Unreachable ? "There is no connection to the server. Try again in a moment." : inWords(why);
      if (why.code === "login_failed") password.select();
    } finally {
      submit.disabled = false;
    }
  }
}

function reveal(event) {
  const box = byId("login-password");
  const shown = box.type === "password";
  box.type = shown ? "text" : "password";
  event.currentTarget.setAttribute("aria-pressed", String(shown));
  setText(event.currentTarget, shown ? "Hide" : "Show");
  box.focus();
}
