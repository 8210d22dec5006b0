"""The script that runs ceremonies: what it sends, what it says, and what it leaves usable."""

from __future__ import annotations

import json

import pytest

NEVER_ANSWERS = "navigator.credentials.create = () => new Promise(() => {});"


def fails_with(name: str) -> str:
    error = f"new DOMException('no', '{name}')"
    if name == "TypeError":
        error = "new TypeError('no')"
    return (
        f"navigator.credentials.create = navigator.credentials.get = () => Promise.reject({error});"
    )


def virtual_key(page, **options) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    wanted = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        **options,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})


def press(page) -> None:
    page.locator("[data-start]").first.click()


def problem(page) -> str:
    return page.locator("[data-phase=failed] [data-problem]").first.inner_text()


def sent(page) -> dict:
    page.wait_for_url("**/answer")
    return json.loads(page.locator("body").inner_text())


def test_a_registration_fills_the_form_and_submits_it(look):
    page = look("touch")
    virtual_key(page)
    press(page)
    answer = sent(page)
    response = json.loads(answer["response"])
    assert len(answer["ceremony"]) == 32
    assert response["type"] == "public-key"
    assert set(response["response"]) >= {"attestationObject", "clientDataJSON", "transports"}


def test_an_authentication_fills_the_form_and_submits_it(look):
    page = look("touch")
    virtual_key(page)
    press(page)
    sent(page)
    page.goto("sign-in")
    press(page)
    response = json.loads(sent(page)["response"])
    assert set(response["response"]) >= {"authenticatorData", "signature", "userHandle"}


def test_the_button_sleeps_and_the_page_says_what_to_do_while_the_browser_asks(look):
    page = look("touch", before=NEVER_ANSWERS)
    press(page)
    page.locator("[data-phase=touch]").wait_for()
    assert page.locator("[data-start]").is_disabled()
    state = page.get_by_role("status").filter(has_text="Insert your key")
    assert state.inner_text() == "Insert your key, enter its PIN, and touch it."


def test_a_double_click_asks_once(look):
    page = look("touch", before=NEVER_ANSWERS)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "options" in request.url else 0)
    page.locator("[data-start]").dblclick()
    page.locator("[data-phase=touch]").wait_for()
    page.evaluate("document.querySelector('form.ceremony').requestSubmit()")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "cancelled or ran out of time"),
        ("InvalidStateError", "already registered"),
        ("SecurityError", "does not allow security keys at this address"),
        ("NotSupportedError", "does not fit"),
        ("ConstraintError", "cannot do what is needed"),
        ("AbortError", "was stopped"),
        ("TypeError", "did not understand"),
        ("UnknownError", "could not answer"),
        ("NobodyKnowsError", "Something went wrong in the browser"),
    ],
)
def test_each_error_of_the_browser_has_a_sentence_of_ours(look, name, words):
    page = look("touch", before=fails_with(name))
    press(page)
    assert words in problem(page)
    assert page.locator("[data-start]").is_enabled()
    assert page.locator("[data-start]").evaluate("(one) => one === document.activeElement")


def test_signing_in_never_says_that_a_key_is_already_registered(look):
    page = look("sign-in", before=fails_with("InvalidStateError"))
    press(page)
    assert "cannot be used here" in problem(page)


def test_a_key_that_is_there_already_is_told_by_a_real_authenticator(look):
    page = look("touch")
    virtual_key(page)
    credential = """async () => {
        const made = await navigator.credentials.create({ publicKey: {
            challenge: new Uint8Array(32), rp: { id: "localhost", name: "x" },
            user: { id: new Uint8Array(8), name: "x", displayName: "x" },
            pubKeyCredParams: [{ type: "public-key", alg: -7 }],
            authenticatorSelection: { residentKey: "required" } } });
        return made.id;
    }"""
    made = page.evaluate(credential)

    def excluding(route):
        body = route.fetch().json()
        body["options"]["excludeCredentials"] = [{"type": "public-key", "id": made}]
        route.fulfill(json=body)

    page.route("**/options", excluding)
    press(page)
    assert "already registered" in problem(page)


def test_another_try_works_after_a_failure(look):
    page = look("touch", before=fails_with("NotAllowedError"))
    press(page)
    problem(page)
    page.evaluate("() => { delete navigator.credentials.create; }")
    virtual_key(page)
    press(page)
    assert sent(page)["response"]


def test_the_servers_own_sentence_is_shown(look):
    page = look()
    page.get_by_role("button", name="Confirm with a key").click()
    assert "This is the server's own sentence." in problem(page)


def test_a_server_that_does_not_answer_is_said_to(look):
    page = look("touch")
    page.route("**/options", lambda route: route.abort())
    press(page)
    assert "The portal did not answer" in problem(page)


@pytest.mark.parametrize("body", ["<h1>Bad gateway</h1>", "{}", "null"])
def test_an_answer_that_is_no_options_is_said_to_be_none(look, body):
    page = look("touch")
    page.route("**/options", lambda route: route.fulfill(status=502, body=body))
    press(page)
    assert "The portal could not begin" in problem(page)


def test_the_options_request_carries_the_token_and_the_subject(look):
    page = look()
    with page.expect_request("**/options?refuse=yes") as asked:
        page.get_by_role("button", name="Confirm with a key").click()
    token = page.locator("[data-ceremony=confirm] [name=csrf_token]").get_attribute("value")
    assert asked.value.headers["x-csrftoken"] == token
    assert asked.value.post_data == "subject=remove%3A1"


def test_a_page_that_is_shown_again_can_begin_again(look):
    page = look("touch", before=NEVER_ANSWERS)
    press(page)
    page.locator("[data-phase=touch]").wait_for()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert page.locator("[data-start]").is_enabled()
    assert page.locator("[data-state]").inner_text() == ""


def test_without_script_the_button_is_gone_and_the_page_says_why(look):
    page = look("touch", java_script_enabled=False)
    assert not page.locator("[data-start]").is_visible()
    assert "This step needs JavaScript" in page.locator("main").inner_text()


def test_a_browser_without_webauthn_is_told_so(look):
    page = look("touch", before="delete window.PublicKeyCredential;")
    assert "This browser cannot use security keys" in page.get_by_role("alert").inner_text()
    assert page.locator("form.ceremony").count() == 0


def test_an_insecure_connection_is_told_so(look):
    insecure = "Object.defineProperty(window, 'isSecureContext', { get: () => false });"
    page = look("touch", before=insecure)
    assert "This connection is not secure" in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_an_address_that_is_a_number_is_told_so(look, components, host):
    page = look("touch")

    def as_if_there(route):
        url = route.request.url.replace(f"http://{host}", "http://localhost", 1)
        route.fulfill(response=route.fetch(url=url, headers={"Host": components.split("/")[2]}))

    page.route(f"http://{host}:*/**", as_if_there)
    page.goto(components.replace("localhost", host) + "touch")
    assert "Open this page by its name" in page.get_by_role("alert").inner_text()
    page.unroute_all(behavior="wait")
