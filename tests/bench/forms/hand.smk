# The graph as a careful person writes it: named files, a log for every job, what varies in a table.
import csv

with open("branches.tsv", newline="") as table:
    SEEDS = {
        row["branch"]: row["seed"] for row in csv.DictReader(table, delimiter="\t")
    }


wildcard_constraints:
    branch="[^/]+",


rule all:
    input:
        "results/gather/list.txt",


rule draw:
    output:
        number="results/draw/{branch}/number.txt",
    log:
        "logs/draw/{branch}.log",
    params:
        seed=lambda wildcards: SEEDS[wildcards.branch],
    shell:
        "echo {params.seed:q} > {output.number:q} 2> {log:q}"


rule scale:
    input:
        source="results/draw/{branch}/number.txt",
    output:
        number="results/scale/{branch}/number.txt",
    log:
        "logs/scale/{branch}.log",
    shell:
        "cp {input.source:q} {output.number:q} &> {log:q}"


rule shift:
    input:
        source="results/scale/{branch}/number.txt",
    output:
        number="results/shift/{branch}/number.txt",
    log:
        "logs/shift/{branch}.log",
    shell:
        "cp {input.source:q} {output.number:q} &> {log:q}"


rule trim:
    input:
        source="results/shift/{branch}/number.txt",
    output:
        number="results/trim/{branch}/number.txt",
    log:
        "logs/trim/{branch}.log",
    shell:
        "cp {input.source:q} {output.number:q} &> {log:q}"


rule count:
    input:
        source="results/trim/{branch}/number.txt",
    output:
        number="results/count/{branch}/number.txt",
    log:
        "logs/count/{branch}.log",
    shell:
        "cp {input.source:q} {output.number:q} &> {log:q}"


rule gather:
    input:
        numbers=expand("results/count/{branch}/number.txt", branch=SEEDS),
    output:
        list="results/gather/list.txt",
    log:
        "logs/gather.log",
    shell:
        'for number in {input.numbers:q}; do echo "$number"; done > {output.list:q} 2> {log:q}'
