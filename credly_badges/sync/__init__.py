"""What Credly says of its organizations and badge templates, brought here.

Reading order: ``organizations`` (is the key right), ``templates`` (plan a sync, then apply it), ``listing`` (read every
page), ``columns`` (a template in our columns), ``plans`` (what a sync would do), ``results`` (what it did, in words).
"""
