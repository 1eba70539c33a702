package api

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"kurir/account"
	"kurir/message"
)

// KannelAdmin is what Kannel's administration over HTTP, on its bearerbox's
// admin-port, is made of. Without a Password there is none.
type KannelAdmin struct {
	Password message.Secret // of every command
	Status   message.Secret // of status and store-status alone; empty: they need none
	Load     *KannelLoad
	Reload   func(context.Context) error // reads number lists again
}

// kannelAdmin answers its commands.
type kannelAdmin struct {
	s *httpServer

	acting sync.Mutex      // held while links are told
	paused map[string]bool // links that suspend or isolate has stopped or drained
	word   atomic.Value    // isolated or suspended; empty while it runs
}

// kannelCommands are all in the order in which Kannel lists them.
var kannelCommands = []string{
	"status", "store-status", "log-level", "shutdown", "suspend", "isolate", "resume", "restart", "graceful-restart", "flush-dlr", "stop-smsc",
	"start-smsc", "add-smsc", "remove-smsc", "reload-lists", "remove-message",
}

// kannelAdminPaths registers it: /status and /cgi-bin/status alike.
func (s *httpServer) kannelAdminPaths(d *dialectPaths) {
	if s.KannelAdmin.Password == "" {
		return
	}
	if d.own && d.set.Path == "" {
		d.prefix = "" // as on Kannel's admin-port
	}
	k := &kannelAdmin{s: s, paused: map[string]bool{}}
	k.word.Store("")
	d.handle("/", func(w http.ResponseWriter, r *http.Request) {
		k.serve(w, r, strings.TrimPrefix(r.URL.Path, d.prefix+"/"))
	})
}

// kannelAdminRefused answers requests from where it may not be used.
func kannelAdminRefused(w http.ResponseWriter, _ *http.Request) {
	kannelAdminReply(w, kannelPlainPage, "Denied")
}

// kannelAdminSays answers what is wrong beyond a command.
func kannelAdminSays(w http.ResponseWriter, r *http.Request, p *problem) {
	_, form := kannelFormOf(path.Base(r.URL.Path), r.Header.Get("Accept"))
	kannelAdminReply(w, form, form.text("Not done: "+p.Detail))
}

func kannelAdminReply(w http.ResponseWriter, form kannelPage, reply string) {
	typed, page := form.whole(reply)
	h := w.Header()
	h.Set("Content-Type", typed)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write([]byte(page)) // a client that has gone needs no answer
}

// kannelFormOf finds the form by the command's suffix, else by what the client
// takes.
func kannelFormOf(command, accept string) (string, kannelPage) {
	form := kannelPlainPage
	switch {
	case strings.Contains(accept, "text/html"):
		form = kannelHTMLPage
	case strings.Contains(accept, "text/xml"), strings.Contains(accept, "application/xml"):
		form = kannelXMLPage
	}
	command, suffix, _ := strings.Cut(command, ".")
	switch suffix {
	case "txt":
		form = kannelPlainPage
	case "html":
		form = kannelHTMLPage
	case "xml":
		form = kannelXMLPage
	}
	return command, form
}

// serve answers a command. The status is 200 always, as with Kannel.
func (k *kannelAdmin) serve(w http.ResponseWriter, r *http.Request, path string) {
	command, form := kannelFormOf(strings.TrimPrefix(path, "cgi-bin/"), r.Header.Get("Accept"))
	if !slices.Contains(kannelCommands, command) {
		reply := "Unknown command `" + form.text(clip(r.URL.Path)) + "'." + form.lineBreak() + "Possible commands are:" + form.lineBreak()
		kannelAdminReply(w, form, reply+strings.Join(kannelCommands, form.lineBreak())+form.lineBreak())
		return
	}
	f, bad := kannelQuery(r.URL.RawQuery)
	if bad != nil || !k.may(r, f["password"], command == "status" || command == "store-status") {
		kannelAdminReply(w, form, "Denied")
		return
	}
	switch command {
	case "status":
		kannelAdminReply(w, form, k.status(form))
	case "store-status":
		kannelAdminReply(w, form, k.storeStatus(r, form))
	default:
		kannelAdminReply(w, form, form.text(k.act(r, command, f)))
	}
}

// may tells whether the password is right; wrong ones are braked like others.
func (k *kannelAdmin) may(r *http.Request, password string, reads bool) bool {
	o := &k.s.KannelAdmin
	if reads && o.Status == "" {
		return true
	}
	_, err := k.s.login(r, "kannel admin", func(context.Context) (*account.Account, error) {
		is := func(want message.Secret) bool {
			return subtle.ConstantTimeCompare([]byte(password), []byte(want.Reveal())) == 1
		}
		if is(o.Password) || reads && is(o.Status) {
			return &account.Account{}, nil
		}
		return nil, account.ErrCredentials
	})
	return err == nil
}

// kannelBy names Kannel's administration in the log.
const kannelBy = "kannel_admin"

// act does what a command says and gives the reply.
func (k *kannelAdmin) act(r *http.Request, command string, f kannelFieldsGiven) string {
	k.s.Log.Info("a command of Kannel's administration", "command", command, "smsc", clip(f["smsc"]), "peer", r.RemoteAddr)
	switch command {
	case "suspend":
		return k.pause("suspended", "Kannel suspended", "Already suspended")
	case "isolate":
		return k.pause("isolated", "Kannel isolated from message providers", "Already isolated")
	case "resume":
		return k.resume()
	case "stop-smsc":
		return k.link(f, "stop", "Could not shut down smsc-id `%s'", "SMSC `%s' shut down")
	case "start-smsc":
		return k.link(f, "start", "Could not re-start smsc-id `%s'", "SMSC `%s' re-started")
	case "add-smsc", "remove-smsc": // links are made in the file or over REST
		if f["smsc"] == "" {
			return "SMSC id not given"
		}
		return "Could not " + strings.TrimSuffix(command, "-smsc") + " smsc-id `" + clip(f["smsc"]) + "'"
	case "reload-lists":
		ctx, cancel := lasting(r.Context(), k.s.Timeout)
		defer cancel()
		if k.s.KannelAdmin.Reload == nil || k.s.KannelAdmin.Reload(ctx) != nil {
			return "Could not re-load lists"
		}
		return "Black/white lists re-loaded"
	case "remove-message":
		return k.remove(r.Context(), f["id"])
	case "flush-dlr":
		return "Not done: Kurir keeps what it knows of messages under way, or their reports would be lost"
	case "log-level":
		return "Not done: the level of the log is log: {level} in Kurir's file"
	}
	return "Not done: Kurir is stopped and restarted by whoever started it, such as systemctl"
}

// link tells one link what to do.
func (k *kannelAdmin) link(f kannelFieldsGiven, action, failed, done string) string {
	name := f["smsc"]
	if name == "" {
		return "SMSC id not given"
	}
	k.acting.Lock()
	defer k.acting.Unlock()
	if err := k.s.Links.Control(kannelBy, name, action); err != nil {
		return fmt.Sprintf(failed, clip(name))
	}
	delete(k.paused, name) // from now on it is as it was told
	return fmt.Sprintf(done, clip(name))
}

// state is the word of the status.
func (k *kannelAdmin) state() string {
	if word := k.word.Load().(string); word != "" {
		return word
	}
	if k.s.accepts() != nil {
		return "filled" // nothing more can be accepted
	}
	return "running"
}

// pause drains all links, or stops them when it is to be isolated. What was
// stopped or drained before is left alone.
func (k *kannelAdmin) pause(word, done, already string) string {
	k.acting.Lock()
	defer k.acting.Unlock()
	if k.word.Load() == word {
		return already
	}
	for _, l := range k.s.Links.Stats() {
		if !k.paused[l.Name] && (l.State == "stopped" || l.State == "draining") {
			continue
		}
		actions := []string{"drain"}
		switch {
		case word == "isolated":
			actions = []string{"stop"}
		case l.State == "stopped": // by isolate
			actions = []string{"start", "drain"}
		}
		for _, action := range actions {
			if k.s.Links.Control(kannelBy, l.Name, action) == nil {
				k.paused[l.Name] = true
			}
		}
	}
	k.word.Store(word)
	return done
}

func (k *kannelAdmin) resume() string {
	k.acting.Lock()
	defer k.acting.Unlock()
	if k.word.Load() == "" {
		return "Already running"
	}
	for name := range k.paused {
		_ = k.s.Links.Control(kannelBy, name, "start") // a link that is gone needs nothing
		_ = k.s.Links.Control(kannelBy, name, "resume")
	}
	k.word.Store("")
	clear(k.paused)
	return "Running resumed"
}

// remove cancels a message that waits.
func (k *kannelAdmin) remove(ctx context.Context, text string) string {
	if text == "" {
		return "Message id not given"
	}
	id, err := message.ParseID(text)
	if err == nil {
		ctx, cancel := lasting(ctx, k.s.Timeout)
		defer cancel()
		_, err = k.s.Cancel(ctx, "", id)
	}
	if err != nil {
		return "Could not remove message id `" + clip(text) + "'"
	}
	return "Message id `" + clip(text) + "' removed"
}
