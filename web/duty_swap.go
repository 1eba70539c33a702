package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"kurir/gateway"
	"kurir/resource"
	"kurir/rota"
)

// swapForm is an exception as it is written on the page.
type swapForm struct {
	For, Who, From, Until, Note string
	Problem                     string
}

// addSwap puts an exception into a rota: who is away, who stands in, or both. It comes first, so that it counts.
func (v *visit) addSwap() {
	p := v.rotaNamed()
	if p == nil {
		return
	}
	fields := v.r.PostForm
	f := &swapForm{For: fields.Get("for"), Who: fields.Get("who"), From: fields.Get("from"), Until: fields.Get("until"), Note: fields.Get("note")}
	e := rota.Exception{For: f.For, From: clockOf(f.From), Until: clockOf(f.Until), Note: f.Note}
	if e.Who, f.Problem = v.standIns(f.Who); f.Problem == "" && e.For == "" && len(e.Who) == 0 {
		f.Problem = v.words(v.lang(), "swap.nothing")
	}
	if f.Problem == "" {
		f.Problem = v.putSwaps(p, append([]rota.Exception{e}, p.Rota.Exceptions...))
	}
	if f.Problem != "" {
		v.showRota(http.StatusUnprocessableEntity, p, f)
		return
	}
	v.Log.Info("a user has put an exception into a rota", "user", v.user.Name, "account", v.account.Name, "rota", p.Rota.Name)
	v.redirect(rotaPath(p))
}

// removeSwap takes an exception out, if it is the one that the page showed.
func (v *visit) removeSwap() {
	p := v.rotaNamed()
	if p == nil {
		return
	}
	list := p.Rota.Exceptions
	i, err := strconv.Atoi(v.r.PostForm.Get("index"))
	if err != nil || i < 0 || i >= len(list) || markOfSwap(&list[i]) != v.r.PostForm.Get("mark") {
		v.showRota(http.StatusConflict, p, &swapForm{Problem: v.words(v.lang(), "swap.changed")})
		return
	}
	rest := append(append([]rota.Exception{}, list[:i]...), list[i+1:]...)
	if problem := v.putSwaps(p, rest); problem != "" {
		v.showRota(http.StatusUnprocessableEntity, p, &swapForm{Problem: problem})
		return
	}
	v.redirect(rotaPath(p))
}

// clockOf makes of a time as browsers send it one as rotas have it.
func clockOf(text string) string { return strings.Replace(strings.TrimSpace(text), "T", " ", 1) }

// standIns reads who stands in: members as rotas name them, or names of contacts.
func (v *visit) standIns(text string) (who []string, problem string) {
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n\r", r) }) {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		if !strings.Contains(one, ":") && strings.Trim(one, "+0123456789 -") != "" {
			ctx, cancel := context.WithTimeout(v.r.Context(), timeout)
			_, err := v.Core.FindContact(ctx, v.account.Name, one)
			cancel()
			switch {
			case errors.Is(err, gateway.ErrNotFound):
				return nil, v.words(v.lang(), "swap.unknown", one)
			case err != nil:
				return nil, v.words(v.lang(), "error.database")
			}
			one = "contact:" + one
		}
		if who = append(who, one); len(who) > rota.MaxMembers {
			break // the check says that it is too many
		}
	}
	return who, ""
}

// putSwaps changes the exceptions of a rota; it gives what is wrong.
func (v *visit) putSwaps(p *rota.Plan, list []rota.Exception) (problem string) {
	values := make([]any, 0, len(list))
	for i := range list {
		e := &list[i]
		value := map[string]any{"from": e.From, "until": e.Until}
		for name, text := range map[string]string{"for": e.For, "note": e.Note} {
			if text != "" {
				value[name] = text
			}
		}
		if len(e.Who) > 0 {
			value["who"] = []string(e.Who)
		}
		values = append(values, value)
	}
	_, err := v.Change(v.r.Context(), resource.Change{
		Action: resource.Patch, Kind: "rotas", Name: p.Rota.Name, By: v.account.Actor(), Value: map[string]any{"exceptions": values},
	})
	var refused *resource.Refusal
	if errors.As(err, &refused) && refused.Reason == resource.OfFile {
		return v.words(v.lang(), "swap.file")
	}
	return v.said(err)
}
