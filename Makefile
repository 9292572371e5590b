# make run: set up and start the show.  make test: set up and run every test.  Both are safe to repeat.
# make pictures, make reference: the pictures and the generated page of docs/.
.PHONY: run test lint bench pictures reference clean
PY := .venv/bin/python

run: .venv/installed-run
	@bash scripts/show.sh

test: .venv/installed-test
	$(PY) -m pytest --numprocesses 2 --dist loadgroup

lint: .venv/installed-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv/installed-test
	$(PY) run.py bench

pictures: .venv/installed-test
	$(PY) scripts/pictures.py

reference: .venv/installed-run
	$(PY) scripts/reference.py

.venv/installed-run: pyproject.toml scripts/packages.sh
	@bash scripts/packages.sh app
	@test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install --quiet --editable '.[cpu]'
	@touch $@

.venv/installed-test: pyproject.toml scripts/packages.sh
	@bash scripts/packages.sh app test
	@test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install --quiet --editable '.[cpu,train,dev,ndi,camera]'
	@touch $@ .venv/installed-run

clean:
	rm -rf .venv build dist *.egg-info
