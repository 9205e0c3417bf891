package contract

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed spec
var embedded embed.FS

// Load returns the contract that is built into the binary. It is compiled at
// the first call and shared after it.
func Load() (*Contract, error) { return load() }

var load = sync.OnceValues(func() (*Contract, error) {
	root, err := fs.Sub(embedded, "spec")
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	return LoadFS(root)
})

// LoadFS compiles the contract found in the file system: openapi.yaml, the
// fragments in components, inbound and outbound, and the tables. Every
// self-check that fails names its file or its place in the document.
func LoadFS(root fs.FS) (*Contract, error) {
	document, err := merge(root)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	tables, err := loadTables(root)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	c := &Contract{Tables: tables, document: document,
		operations: map[string]*Operation{}, ruleByID: map[string]int{}, named: map[string]*condition{}}
	for _, step := range []func() error{c.readOperations, c.compile, c.listRules, c.selfCheck} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("contract: %w", err)
		}
	}
	return c, nil
}

// containers are the maps of the document that fragments may add to; below
// them a name may be given once only.
var containers = map[string]bool{
	"": true, "paths": true, "webhooks": true, "components": true, "components/schemas": true, "components/responses": true,
}

// merge reads openapi.yaml and all fragments into one document.
func merge(root fs.FS) (map[string]any, error) {
	files := []string{"openapi.yaml"}
	for _, folder := range []string{"components", "inbound", "outbound"} {
		found, err := fs.Glob(root, path.Join(folder, "*.yaml"))
		if err != nil {
			return nil, err
		}
		sort.Strings(found)
		files = append(files, found...)
	}
	parsed, err := parseAll(root, files)
	if err != nil {
		return nil, err
	}
	document, origin := map[string]any{}, map[string]string{}
	for i, fragment := range parsed {
		if err := mergeInto(document, fragment, "", files[i], origin); err != nil {
			return nil, err
		}
	}
	return document, nil
}

// parseAll decodes the files side by side; YAML is most of the loading time.
func parseAll(root fs.FS, files []string) ([]map[string]any, error) {
	parsed, errs := make([]map[string]any, len(files)), make([]error, len(files))
	var done sync.WaitGroup
	for i, file := range files {
		done.Go(func() {
			content, err := fs.ReadFile(root, file)
			if err == nil {
				err = yaml.Unmarshal(content, &parsed[i])
			}
			if err != nil {
				errs[i] = fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
			}
		})
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

// mergeInto adds the fragment to the document and refuses what is there twice.
func mergeInto(document, fragment map[string]any, at, file string, origin map[string]string) error {
	for key, value := range fragment {
		place := strings.TrimPrefix(at+"/"+key, "/")
		if containers[place] {
			inner, ok := value.(map[string]any)
			if !ok {
				return fmt.Errorf("%s: %s is %T, want a map", file, place, value)
			}
			target, _ := document[key].(map[string]any)
			if target == nil {
				target = map[string]any{}
				document[key] = target
			}
			if err := mergeInto(target, inner, place, file, origin); err != nil {
				return err
			}
			continue
		}
		if earlier, twice := origin[place]; twice {
			return fmt.Errorf("%s: %s stands in %s too", file, place, earlier)
		}
		origin[place] = file
		document[key] = value
	}
	return nil
}
