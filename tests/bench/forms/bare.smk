# The same graph with nothing that is not needed: no names of files, no logs, no quoting.
import csv

with open("branches.tsv", newline="") as table:
    SEEDS = {
        row["branch"]: row["seed"] for row in csv.DictReader(table, delimiter="\t")
    }


rule all:
    input:
        "results/gather/list.txt",


rule draw:
    output:
        "results/draw/{branch}/number.txt",
    params:
        seed=lambda wildcards: SEEDS[wildcards.branch],
    shell:
        "echo {params.seed} > {output}"


rule scale:
    input:
        "results/draw/{branch}/number.txt",
    output:
        "results/scale/{branch}/number.txt",
    shell:
        "cp {input} {output}"


rule shift:
    input:
        "results/scale/{branch}/number.txt",
    output:
        "results/shift/{branch}/number.txt",
    shell:
        "cp {input} {output}"


rule trim:
    input:
        "results/shift/{branch}/number.txt",
    output:
        "results/trim/{branch}/number.txt",
    shell:
        "cp {input} {output}"


rule count:
    input:
        "results/trim/{branch}/number.txt",
    output:
        "results/count/{branch}/number.txt",
    shell:
        "cp {input} {output}"


rule gather:
    input:
        expand("results/count/{branch}/number.txt", branch=SEEDS),
    output:
        "results/gather/list.txt",
    shell:
        'for number in {input}; do echo "$number"; done > {output}'
