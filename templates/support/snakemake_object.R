# Runs a script that was written for Snakemake: snakemake_object.R SCRIPT WORD…, with the object `snakemake`.
#
# A word names an item and its type (`input.reads:file[]`); those after it that begin with `=` are its values, one for
# each item of a list.

Snakemake <- setClass(
  "Snakemake",
  slots = c(
    input = "list", output = "list", params = "list", wildcards = "list", threads = "numeric", log = "list",
    resources = "list", config = "list", rule = "character", bench_iteration = "numeric", scriptdir = "character",
    source = "function"
  )
)

typed <- function(text, kind) {
  if (kind == "boolean") return(text == "true")
  if (kind %in% c("integer", "number")) return(as.numeric(text))
  text
}

read_words <- function(words) {
  found <- list(input = list(), output = list(), params = list(), wildcards = list(), resources = list(), job = list())
  space <- name <- kind <- NULL
  many <- FALSE
  for (word in words) {
    if (startsWith(word, "=")) {
      value <- typed(substring(word, 2), kind)
      found[[space]][[name]] <- if (many) c(found[[space]][[name]], value) else value
      next
    }
    kind <- sub("^.*:", "", word)
    full <- sub(":[^:]*$", "", word)
    space <- sub("[.].*$", "", full)
    name <- sub("^[^.]*[.]", "", full)
    many <- endsWith(kind, "[]")
    kind <- sub("\\[\\]$", "", kind)
    found[[space]][name] <- list(if (many) typed(character(0), kind) else NULL)
  }
  found
}

# Items by position, then by name; files that are a list are items of their own by position.
named <- function(items, flat = FALSE) {
  plain <- unname(items)
  if (flat) plain <- as.list(unlist(plain))
  c(plain, items)
}

nested <- function(items) {
  found <- list()
  for (name in names(items)) {
    path <- strsplit(name, ".", fixed = TRUE)[[1]]
    if (length(path) == 1) found[path] <- list(items[[name]]) else found[[path]] <- items[[name]]
  }
  found
}

words <- commandArgs(trailingOnly = TRUE)
script <- words[1]
found <- read_words(words[-1])
log <- tempfile("snakemake-log-")
invisible(file.create(log))
config <- nested(found$params)
threads <- found$job$threads
snakemake <- Snakemake(
  input = named(found$input, TRUE), output = named(found$output, TRUE), params = named(config),
  wildcards = named(found$wildcards), threads = if (is.null(threads)) 1 else threads, log = list(log),
  resources = named(found$resources), config = config, rule = found$job$rule, bench_iteration = as.numeric(NA),
  scriptdir = dirname(normalizePath(script)),
  source = function(...) base::source(file.path(dirname(normalizePath(script)), ...))
)
# What the script wrote to its log belongs to the log of the job.
tell_log <- function() {
  while (sink.number(type = "message") != 2) sink(type = "message")
  while (sink.number() > 0) sink()
  if (file.exists(log)) writeLines(readLines(log, warn = FALSE), stderr())
  unlink(log)
}
.Last <- tell_log
tryCatch(
  source(script, local = globalenv()),
  error = function(e) {
    tell_log()
    .Last <<- function() NULL
    message(conditionMessage(e))
    quit(save = "no", status = 1)
  }
)
