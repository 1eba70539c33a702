package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// TestWalkLooks gives an account a name, a logo, colours, a host, a language and fewer functions, on the width of a phone; at that host its
// user finds all of it, in Swedish, and nothing of what is left out.
func TestWalkLooks(t *testing.T) {
	t.Parallel()
	w := startWalk(t, onPhone)
	w.asks("POST", "/v1/config/accounts", `{"name": "ward", "password": "ward-password", "senders": ["Ward"]}`)
	w.asks("POST", "/v1/config/users", `{"name": "wilma", "account": "ward", "role": "sender", "password": "correct-horse"}`)
	var logo bytes.Buffer
	picture := image.NewRGBA(image.Rect(0, 0, 900, 100))
	picture.Set(1, 1, color.White)
	if err := png.Encode(&logo, picture); err != nil {
		t.Fatal(err)
	}
	w.step("the administrator acts for the account", func() {
		w.open("/me", "Your account")
		w.fill("acting", "ward")
		w.leads(`form[action="/me/account"] button`, "New message")
		w.shows(saidOf(".acting"), "for ward")
	})
	w.step("a colour that is none is pointed out, and nothing else is lost", func() {
		w.open("/console/looks", "How the pages look")
		w.fill("name", "Ward SMS", "color", "#ffe066", "host", "not a host")
		w.leads("form.card button.main", "How the pages look")
		w.shows(holds(".alert", "host"), "yes")
		w.shows(`document.getElementById("name").value`, "Ward SMS")
	})
	w.step("name, logo, colours, host, language and functions are kept", func() {
		w.fill("host", "localhost", "band", "#12304a")
		w.eval(`document.getElementById("language").value = "sv"; ""`)
		w.upload("#logo", "logo.png", logo.String())
		for _, function := range []string{"contacts", "conversations"} {
			w.presses(`input[name=functions][value=` + function + `]`)
		}
		w.leads("form.card button.main", "How the pages look")
		w.shows(saidOf("p.note[role=status]"), "Kept.")
		w.shows(`[...document.querySelectorAll("[name=functions]:not(:checked)")].map((e) => e.value).join(" ")`, "conversations contacts")
		w.shows(holds("#color-hint", "On light paper it becomes"), "yes") // yellow on white cannot be read
	})
	w.step("at its host the page of signing in looks so, in Swedish", func() {
		w.rest.base = strings.Replace(w.rest.base, "127.0.0.1", "localhost", 1)
		w.open("/signin", "Logga in")
		w.shows(saidOf(".brand"), "Ward SMS")
		w.shows(`String(document.querySelector(".brand img").naturalWidth > 100)`, "true")
		w.shows(`getComputedStyle(document.querySelector("header.top")).backgroundColor`, "rgb(18, 48, 74)")
	})
	w.step("its user has what the account has, and not what is left out", func() {
		w.fill("name", "wilma", "password", "correct-horse")
		w.leads("button.main", "Nytt meddelande")
		w.shows(`[...document.querySelectorAll("header nav a")].some((e) => e.getAttribute("href") === "/contacts") ? "there" : "left out"`, "left out")
		w.open("/contacts", "Det gick inte")
		w.shows(holds("main", "Den här sidan finns inte för ditt konto."), "yes")
	})
}

// inFrame gives what an expression is within the frame of the page, and the frame's address.
func (w *walk) inFrame(expression string) (got, address string) {
	w.t.Helper()
	var tree struct {
		FrameTree struct {
			ChildFrames []struct {
				Frame struct{ ID, URL string }
			}
		}
	}
	w.call("Page.getFrameTree", nil, &tree)
	if len(tree.FrameTree.ChildFrames) == 0 {
		return "", ""
	}
	frame := tree.FrameTree.ChildFrames[0].Frame
	var world struct{ ExecutionContextID int }
	if w.try("Page.createIsolatedWorld", map[string]any{"frameId": frame.ID}, &world) != nil {
		return "", frame.URL
	}
	var value struct{ Result struct{ Value any } }
	_ = w.try("Runtime.evaluate", map[string]any{"expression": expression, "contextId": world.ExecutionContextID, "returnByValue": true}, &value) // it may have gone
	text, _ := value.Result.Value.(string)
	return text, frame.URL
}

// TestWalkIntranet reaches the pages below a path of a reverse proxy that says who has signed in, within a frame of the intranet, on the
// width of a screen. Other sites get no frame, and whoever comes past the proxy is nobody.
func TestWalkIntranet(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewUnstartedServer(nil)
	page := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(rw, `<!doctype html><h1>Intranet</h1><iframe width="800" height="600" src="http://%s/kurir/compose?to=+46701234567"></iframe>`, proxy.Listener.Addr())
	})
	intranet, stranger := httptest.NewServer(page), httptest.NewServer(page)
	defer intranet.Close()
	defer stranger.Close()
	w := startWalk(t, onScreen, `http: {listen: 127.0.0.1:8080, trusted_proxies: [127.0.0.1], frame_origins: ["`+intranet.URL+`"], user_header: X-Remote-User, user_new: {account: demo}}
routes:
  - {to: "*", via: [smpp]}
inbound:
  - {to: "*", account: demo}
`)
	target := &url.URL{Scheme: "http", Host: w.demo.http}
	proxy.Config.Handler = http.StripPrefix("/kurir", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
		r.Out.Header.Set("X-Forwarded-Prefix", "/kurir")
		r.Out.Header.Set("X-Remote-User", "eva")
	}})
	proxy.Start()
	defer proxy.Close()
	direct := w.rest.base
	w.step("below the path the proxy's user is signed in, and all leads below the path", func() {
		w.rest.base = proxy.URL
		w.open("/kurir/compose", "New message")
	})
	w.step("the proxy's user sends, and signs out nowhere", func() {
		w.shows(saidOf(".who a"), "eva")
		w.shows(`String(document.querySelector(".who form"))`, "null")
		w.shows(`[...document.querySelectorAll("nav a, form, link, script")].map((e) => e.getAttribute("href") || e.getAttribute("action") || e.getAttribute("src")).every((p) => !p || p.startsWith("/kurir/")) ? "below" : "beside"`, "below")
		w.eval(in("to", "0701234567"))
		w.eval(in("text", "From the intranet"))
		w.leads("#compose button.main", "Message")
		w.shows(`document.querySelector("h1 .state")?.textContent`, "delivered")
		w.shows(`location.pathname.startsWith("/kurir/sent/") ? "below" : location.pathname`, "below")
	})
	w.step("the intranet has the form in a frame, filled in", func() {
		w.rest.base = intranet.URL
		w.open("/", "Intranet")
		within(w.t, patience, "the form is in the frame", func() bool {
			got, _ := w.inFrame(`document.querySelector("h1")?.textContent + " " + document.querySelector(".chosen li")?.firstChild.textContent`)
			return got == "New message +46701234567"
		})
	})
	w.step("another site gets no frame", func() {
		w.rest.base = stranger.URL
		w.open("/", "Intranet")
		within(w.t, patience, "the frame stays empty", func() bool {
			_, address := w.inFrame(`""`)
			return strings.HasPrefix(address, "chrome-error:")
		})
	})
	w.step("the audit says that the proxy made the user", func() {
		w.rest.base = direct
		w.open("/console/audit?who=proxy", "Changes")
		w.shows(holds(".rows tbody tr", "eva"), "yes")
	})
}
