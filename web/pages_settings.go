package web

import (
	"kurir/account"
	"kurir/resource"
)

// Paths of kinds of settings that have pages of their own; those of all others are under settingsPath.
const (
	settingsPath = consolePath + "/settings"
	routesPath   = consolePath + "/routes"
	inboundPath  = consolePath + "/inbound-rules"
	noticesPath  = consolePath + "/notices"
)

// pagesOfSettings are those of what stands in the file or is made over REST.
func pagesOfSettings() []page {
	list := []page{}
	for _, own := range []struct{ path, kind string }{{routesPath, "routes"}, {inboundPath, "inbound"}, {noticesPath, "notices"}} {
		list = append(list, pagesOfKind(own.path, own.kind)...)
	}
	list = append(
		list,
		page{pattern: "GET " + consolePath + "/dry-run", right: account.SeeSettings, or: account.SeeMoney, serve: (*visit).dryRunPage},
		page{pattern: "GET " + consolePath + "/audit", right: account.SeeAudit, menu: "nav.audit", list: auditList()},
		page{pattern: "GET " + settingsPath, right: account.SeeSettings, menu: "nav.settings", serve: (*visit).kindsPage},
	)
	return append(list, pagesOfKind(settingsPath+"/{kind}", "")...)
}

// pagesOfKind are those of one kind of settings; without one the path names it.
func pagesOfKind(path, kind string) []page {
	of := func(serve func(*visit, resource.Setting)) func(*visit) {
		return func(v *visit) { v.ofKind(kind, serve) }
	}
	menu := ""
	if kind != "" {
		menu = "kind." + kind
	}
	return []page{
		{pattern: "GET " + path, right: account.SeeSettings, menu: menu, serve: of((*visit).settingsList)},
		{pattern: "POST " + path, right: account.ChangeSettings, serve: of((*visit).makeSetting)},
		{pattern: "GET " + path + "/{name}", right: account.SeeSettings, serve: of((*visit).settingPage)},
		{pattern: "POST " + path + "/{name}", right: account.SeeSettings, serve: of((*visit).saveSetting)},
		{pattern: "POST " + path + "/{name}/delete", right: account.ChangeSettings, serve: of((*visit).deleteSetting)},
		{pattern: "POST " + path + "/{name}/up", right: account.ChangeSettings, serve: of(func(v *visit, s resource.Setting) { v.moveSetting(s, -1) })},
		{pattern: "POST " + path + "/{name}/down", right: account.ChangeSettings, serve: of(func(v *visit, s resource.Setting) { v.moveSetting(s, 1) })},
	}
}

// ofKind serves a page of a kind of settings, which the path names where kind is empty.
func (v *visit) ofKind(kind string, serve func(*visit, resource.Setting)) {
	if kind == "" {
		kind = v.r.PathValue("kind")
	}
	s, known := resource.SettingOf(kind)
	if !known {
		v.fail(404, "error.nosetting")
		return
	}
	serve(v, s)
}

// settingsOf is the path of the pages of a kind.
func settingsOf(kind string) string {
	switch kind {
	case "routes":
		return routesPath
	case "inbound":
		return inboundPath
	case "notices":
		return noticesPath
	}
	return settingsPath + "/" + kind
}
